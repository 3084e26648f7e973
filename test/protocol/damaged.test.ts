/** A volume on which a crash of some earlier registry left files without their content. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { jsonOf } from './support/client.ts'
import { type Packed, pushBlob, pushImage, putManifest, sha256 } from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry()
const hex = (digest: string) => digest.slice('sha256:'.length)
const below = (repository: string, path: string) =>
  `docker/registry/v2/repositories/${repository}/${path}`
const layerLink = (repository: string, digest: string) =>
  below(repository, `_layers/sha256/${hex(digest)}/link`)
const revisionLink = (repository: string, digest: string) =>
  below(repository, `_manifests/revisions/sha256/${hex(digest)}/link`)
const tagLink = (repository: string, tag: string) =>
  below(repository, `_manifests/tags/${tag}/current/link`)
const dataOf = (digest: string) =>
  `docker/registry/v2/blobs/sha256/${hex(digest).slice(0, 2)}/${hex(digest)}/data`

async function overwrite(path: string, content = ''): Promise<void> {
  const file = join(client.registry().root, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, content)
}

const reportsOf = (path: string) => client.registry().badLinks.filter((it) => it === path).length

describe('a link without content', () => {
  const contents = ['', 'sha256:', 'sha256:abc', '\0'.repeat(71), sha256('x').slice(0, 40)]

  it.each(contents)('of a layer is none, and is reported once (%j)', async (content) => {
    const digest = await pushBlob(client, 'layers', `layer ${content}`)
    const path = layerLink('layers', digest)
    await overwrite(path, content)
    const before = reportsOf(path)
    for (let time = 0; time < 3; time++) {
      expectError(await client.get(`/v2/layers/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
    }
    expect(reportsOf(path)).toBe(before + 1)
    await pushBlob(client, 'layers', `layer ${content}`)
    expect((await client.get(`/v2/layers/blobs/${digest}`)).status).toBe(200)
  })

  it('of a tag is no tag, and the others are listed', async () => {
    for (const reference of ['bad', 'good']) await pushImage(client, 'tags', { reference })
    await overwrite(tagLink('tags', 'bad'))
    expect(jsonOf(await client.get('/v2/tags/tags/list')).tags).toEqual(['good'])
    expectError(await client.get('/v2/tags/manifests/bad'), 404, 'MANIFEST_UNKNOWN')
    expect(reportsOf(tagLink('tags', 'bad'))).toBe(1)
    await pushImage(client, 'tags', { reference: 'bad' })
    expect(jsonOf(await client.get('/v2/tags/tags/list')).tags).toEqual(['bad', 'good'])
  })

  it('of a manifest is none, and does not keep others from being deleted', async () => {
    const image = await pushImage(client, 'revisions', { reference: 'one', layers: ['one'] })
    const other = await pushImage(client, 'revisions', { reference: 'two', layers: ['two'] })
    await overwrite(revisionLink('revisions', image.digest))
    expectError(await client.get('/v2/revisions/manifests/one'), 404, 'MANIFEST_UNKNOWN')
    expect((await client.remove(`/v2/revisions/manifests/${other.digest}`)).status).toBe(202)
    await putManifest(client, 'revisions/manifests/one', image)
    expect((await client.head(`/v2/revisions/manifests/${image.digest}`)).status).toBe(200)
  })

  it('that ends in a line break is read all the same', async () => {
    const digest = await pushBlob(client, 'layers', 'with a break')
    await overwrite(layerLink('layers', digest), `${digest}\n`)
    expect((await client.get(`/v2/layers/blobs/${digest}`)).text).toBe('with a break')
  })
})

describe('a manifest whose bytes are damaged', () => {
  const damages: [what: string, damage: (image: Packed) => string][] = [
    ['gone', () => ''],
    ['cut off', ({ bytes }) => bytes.toString().slice(0, -10)],
    ['others', ({ bytes }) => bytes.toString().replace('2', '3')],
  ]
  it.each(damages)(
    'is not there when they are %s, and can be pushed again',
    async (what, damage) => {
      const image = await pushImage(client, 'manifests', { reference: 'v1', annotations: { what } })
      await client.get('/v2/manifests/manifests/v1')
      await overwrite(dataOf(image.digest), damage(image))
      if (what !== 'others') {
        expectError(await client.get('/v2/manifests/manifests/v1'), 404, 'MANIFEST_UNKNOWN')
      }
      expect((await putManifest(client, 'manifests/manifests/v1', image)).status).toBe(201)
      const found = await client.get('/v2/manifests/manifests/v1')
      expect(found.body.equals(image.bytes)).toBe(true)
    },
  )
})

describe('what others left in a volume', () => {
  it('does not disturb a list', async () => {
    const image = await pushImage(client, 'foreign', { reference: 'v1' })
    await overwrite(below('foreign', '_manifests/tags/not a tag/current/link'), image.digest)
    await overwrite(below('foreign', '_manifests/tags/file'), image.digest)
    await overwrite(below('foreign', '_manifests/tags/half/index/sha256/link'), image.digest)
    await overwrite(below('foreign', '_manifests/tags/v1/current/link.0f.tmp'), 'sha')
    await overwrite(below('foreign', 'stray.txt'))
    await overwrite('docker/registry/v2/repositories/stray.txt')
    expect(jsonOf(await client.get('/v2/foreign/tags/list')).tags).toEqual(['v1'])
    expect(jsonOf(await client.get('/v2/_catalog')).repositories).toContain('foreign')
  })

  it('is served when it has another sort of link, as a signature of schema 1', async () => {
    const image = await pushImage(client, 'signed', { reference: 'v1' })
    const folder = dirname(revisionLink('signed', image.digest))
    await overwrite(`${folder}/signatures/sha256/${hex(sha256('x'))}/link`, sha256('x'))
    expect((await client.get('/v2/signed/manifests/v1')).status).toBe(200)
    expect((await client.remove(`/v2/signed/manifests/${image.digest}`)).status).toBe(202)
  })
})
