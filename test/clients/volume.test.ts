/**
 * A volume changes hands: what Debian's registry:2 wrote kura serves, what kura wrote registry:2 serves,
 * and what one deletes or begins the other goes on from.
 */
import { createHash } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { collectGarbage, startDistribution } from '../support/distribution.ts'
import { next, receivedBytes, send } from '../support/http.ts'
import { digestOf, imageFrom, imageOf } from '../support/image.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import {
  chunkHeaders,
  expectStatus,
  manifestUrl,
  pullImage,
  pushBlob,
  pushImage,
  putManifest,
} from '../support/push.ts'

describeWith(['docker-registry', 'skopeo'], 'one volume, two registries', () => {
  const cleanup = useCleanup()
  const image = imageOf({ hello: 'hello from the test', more: 'a second layer' })
  const other = imageOf({ other: 'another image' })

  async function openKura(root: string) {
    const kura = await startKura({ root, env: { REGISTRY_KURA_PROCESSES: '1' } })
    cleanup.add(kura.stop)
    return kura
  }

  /** Pulls with skopeo, which checks every digest; answers that of the image. */
  async function pull(host: string, name: string): Promise<string> {
    const { skopeo, folder } = await openContainers(cleanup)
    const target = `dir:${join(folder, 'pulled')}`
    await skopeo('copy', '--src-tls-verify=false', `docker://${host}/${name}`, target)
    return JSON.parse(await skopeo('inspect', target)).Digest
  }

  it('serves what registry:2 wrote, and its deletes are honoured there', async () => {
    const root = await cleanup.folder()
    const before = await startDistribution(cleanup, root)
    await pushImage({ url: before.url, repository: 'team/app' }, 'kept', image)
    await pushImage({ url: before.url, repository: 'team/app' }, 'gone', other)
    await before.stop()

    const kura = await openKura(root)
    expect(await pull(kura.host, 'team/app:kept')).toBe(image.digest)
    expect(await pull(kura.host, 'team/app:gone')).toBe(other.digest)
    const place = { url: kura.url, repository: 'team/app' }
    expectStatus(await send('DELETE', manifestUrl(place, other.digest)), 202)
    await kura.stop()

    const after = await startDistribution(cleanup, root)
    expect(await pull(after.host, 'team/app:kept')).toBe(image.digest)
    const tags = await send('GET', `${after.url}/v2/team/app/tags/list`)
    expect(JSON.parse(tags.body.toString())).toEqual({ name: 'team/app', tags: ['kept'] })
    const gone = manifestUrl({ url: after.url, repository: 'team/app' }, other.digest)
    expectStatus(await send('GET', gone), 404)
  })

  it('writes what registry:2 serves, and honours its deletes', async () => {
    const root = await cleanup.folder()
    const before = await openKura(root)
    await pushImage({ url: before.url, repository: 'team/app' }, 'kept', image)
    await pushImage({ url: before.url, repository: 'team/app' }, 'gone', other)
    await before.stop()

    const registry = await startDistribution(cleanup, root)
    expect(await pull(registry.host, 'team/app:kept')).toBe(image.digest)
    expect(await pull(registry.host, 'team/app:gone')).toBe(other.digest)
    const place = { url: registry.url, repository: 'team/app' }
    expectStatus(await send('DELETE', manifestUrl(place, other.digest)), 202)
    await registry.stop()

    const after = await openKura(root)
    expect(await pull(after.host, 'team/app:kept')).toBe(image.digest)
    const tags = await send('GET', `${after.url}/v2/team/app/tags/list`)
    expect(JSON.parse(tags.body.toString())).toEqual({ name: 'team/app', tags: ['kept'] })
  })

  it('finishes an upload that registry:2 began', async () => {
    const root = await cleanup.folder()
    const [first, second] = [Buffer.from('the first half, '), Buffer.from('and the second')]
    const registry = await startDistribution(cleanup, root)
    const uploads = `${registry.url}/v2/team/app/blobs/uploads/`
    const begun = await send('POST', uploads)
    const headers = { ...chunkHeaders, 'Content-Range': `0-${first.length - 1}` }
    const half = await send('PATCH', next(begun, uploads), { body: first, headers })
    expectStatus(half, 202)
    await registry.stop()

    const kura = await openKura(root)
    const upload = `${kura.url}/v2/team/app/blobs/uploads/${half.headers['docker-upload-uuid']}`
    expect(receivedBytes(await send('GET', upload))).toBe(first.length)
    expectStatus(await send('PATCH', upload, { body: second, headers: chunkHeaders }), 202)
    const whole = Buffer.concat([first, second])
    expectStatus(await send('PUT', `${upload}?digest=${digestOf(whole)}`), 201)
    const blob = await send('GET', `${kura.url}/v2/team/app/blobs/${digestOf(whole)}`)
    expect(blob.body).toEqual(whole)
    expect(await uploadsIn(root, 'team/app')).toEqual([])
  })

  it('keeps a blob by its sha512 digest in a way that does not disturb registry:2', async () => {
    const root = await cleanup.folder()
    const kura = await openKura(root)
    const place = { url: kura.url, repository: 'team/app' }
    const bytes = Buffer.from('known by another digest')
    const sha512 = `sha512:${createHash('sha512').update(bytes).digest('hex')}`
    const whole = { body: bytes, headers: chunkHeaders }
    const blobs = `${kura.url}/v2/team/app/blobs`
    expectStatus(await send('POST', `${blobs}/uploads/?digest=${sha512}`, whole), 201)
    await pushImage(place, 'v1', imageFrom(bytes))
    expect((await send('GET', `${blobs}/${sha512}`)).body).toEqual(bytes)
    await kura.stop()

    expect(await collectGarbage(cleanup, root)).toContain('0 blobs and 0 manifests eligible')
    const registry = await startDistribution(cleanup, root)
    const there = { url: registry.url, repository: 'team/app' }
    await pullImage(there, 'v1')
    await pushBlob(there, bytes)
    const catalog = await send('GET', `${registry.url}/v2/_catalog`)
    expect(JSON.parse(catalog.body.toString())).toEqual({ repositories: ['team/app'] })
  })

  it('keeps a tag that was given by sha512 as one that registry:2 serves, keeps and moves', async () => {
    const root = await cleanup.folder()
    const before = await openKura(root)
    const long = digestOf(image.manifest, 'sha512')
    const place = { url: before.url, repository: 'team/app' }
    await pushImage(place, long, image)
    expectStatus(await putManifest(place, `${long}?tag=v1`, image.manifest), 201)
    expect(await digestAt(place, 'v1')).toBe(long)
    await before.stop()

    const report = await collectGarbage(cleanup, root, '--delete-untagged')
    expect(report).not.toContain('eligible for deletion: ')
    const registry = await startDistribution(cleanup, root)
    const there = { url: registry.url, repository: 'team/app' }
    expect(await pull(registry.host, 'team/app:v1')).toBe(image.digest)
    const between = await openKura(root)
    const here = { url: between.url, repository: 'team/app' }
    expect(await digestAt(here, 'v1')).toBe(long)
    await pushImage(there, 'v1', image)
    expect(await digestAt(here, 'v1')).toBe(image.digest)
    expectStatus(await putManifest(here, `${long}?tag=v1`, image.manifest), 201)
    expect(await digestAt(here, 'v1')).toBe(long)
    expectStatus(await send('DELETE', manifestUrl(there, image.digest)), 202)
    expectStatus(await send('GET', manifestUrl(here, 'v1')), 404)
  })
})

async function digestAt(place: { url: string; repository: string }, tag: string) {
  return (await send('HEAD', manifestUrl(place, tag))).headers['docker-content-digest']
}

function uploadsIn(root: string, repository: string): Promise<string[]> {
  return readdir(join(root, 'docker/registry/v2/repositories', repository, '_uploads'))
}
