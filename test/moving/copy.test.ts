/** Images between docker-registry, kura and OCI layouts, with all that belongs to them. */
import { randomBytes } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { startDistribution } from '../support/distribution.ts'
import { send } from '../support/http.ts'
import {
  describe,
  emptyConfig,
  imageFrom,
  indexType,
  manifestType,
  signatureOf,
} from '../support/image.ts'
import { type Kura, runKura, startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage, pushBlob, pushImage } from '../support/push.ts'
import { run } from '../support/run.ts'
import { copied } from './support.ts'

const cleanup = useCleanup()
const layer = randomBytes(3_000_000)
const images = {
  amd64: imageFrom(layer, randomBytes(1000)),
  arm64: imageFrom(layer, randomBytes(2000)),
}
const index = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: indexType,
    manifests: Object.entries(images).map(([architecture, { manifest }]) => ({
      ...describe(manifestType, manifest),
      platform: { os: 'linux', architecture },
    })),
  }),
)
const signature = signatureOf(describe(indexType, index))
const [indexDigest, signatureDigest] = [index, signature].map((it) => describe('', it).digest)

type Place = { url: string; repository: string }

async function put(place: Place, reference: string, body: Buffer, type: string): Promise<void> {
  const headers = { 'Content-Type': type }
  const { status } = await send('PUT', manifestUrl(place, reference), { body, headers })
  expect(status).toBe(201)
}

async function pushAll(place: Place): Promise<void> {
  for (const [tag, image] of Object.entries(images)) await pushImage(place, tag, image)
  await put(place, 'v1', index, indexType)
  await pushBlob(place, emptyConfig)
  await put(place, signatureDigest ?? '', signature, manifestType)
}

async function digestAt({ url, repository }: Place, reference: string) {
  const answer = await send('HEAD', `${url}/v2/${repository}/manifests/${reference}`, {
    headers: { Accept: `${indexType}, ${manifestType}` },
  })
  return answer.status === 200 ? answer.headers['docker-content-digest'] : answer.status
}

async function referrersAt({ url, repository }: Place, digest = '') {
  const answer = await send('GET', `${url}/v2/${repository}/referrers/${digest}`)
  const { manifests } = JSON.parse(answer.body.toString()) as { manifests: { digest: string }[] }
  return manifests.map((it) => it.digest)
}

describeWith(['docker-registry', 'skopeo', 'linux'], 'kura copy', () => {
  let kura: Kura
  let other: { host: string; url: string }
  const here = (repository: string) => ({ url: kura.url, repository })
  const there = (repository: string) => ({ url: other.url, repository })

  beforeAll(async () => {
    kura = await startKura()
    cleanup.add(kura.stop)
    other = await startDistribution(cleanup, await cleanup.folder())
    await pushAll(here('team/app'))
  })

  it('brings every platform and every referrer, and sends nothing twice', async () => {
    const said = await copied(`${kura.host}/team/app:v1`, `${other.host}/far/app`)
    expect(said).toContain(`copied ${other.host}/far/app:v1 ${indexDigest} (4 manifests, 5 blobs)`)
    expect(said.match(/^sent:/gm)).toHaveLength(5)
    expect(await pullImage(there('far/app'), images.arm64.digest)).toBe(images.arm64.digest)
    // docker-registry has no API for referrers, so they are in a tag.
    const tag = indexDigest?.replace(':', '-') ?? ''
    const listed = await send('GET', manifestUrl(there('far/app'), tag), {
      headers: { Accept: indexType },
    })
    expect(listed.body.toString()).toContain(signatureDigest)

    const again = await copied(`${kura.host}/team/app:v1`, `${other.host}/far/app:v2`)
    expect([again.match(/^sent:/gm), await digestAt(there('far/app'), 'v2')]).toEqual([
      null,
      indexDigest,
    ])

    await copied(`${other.host}/far/app:v1`, `${kura.host}/back/app`)
    expect(await referrersAt(here('back/app'), indexDigest)).toEqual([signatureDigest])
  })

  it('brings the platforms that are asked for, and nothing of the others', async () => {
    const source = `${kura.host}/team/app:v1`
    await copied(source, `${other.host}/one/app`, { platforms: ['linux/arm64'] })
    expect(await digestAt(there('one/app'), 'v1')).toBe(images.arm64.digest)
    expect(await digestAt(there('one/app'), images.amd64.digest)).toBe(404)
    const none = copied(source, `${other.host}/x`, { platforms: ['linux/s390x'] })
    await expect(none).rejects.toThrow('has nothing for linux/s390x')
  })

  it('brings the tags that fit, and once what they have in common', async () => {
    const wanted = { tags: ['a*64'] }
    const said = await copied(`${kura.host}/team/app`, `${other.host}/tags/app`, wanted)
    expect(said.match(/^sent:/gm)).toHaveLength(4)
    expect(await digestAt(there('tags/app'), 'amd64')).toBe(images.amd64.digest)
    expect(await digestAt(there('tags/app'), 'arm64')).toBe(images.arm64.digest)
    expect(await digestAt(there('tags/app'), 'v1')).toBe(404)
  })

  it.each(['layout', 'image.tar'])(
    'exports to %s, which skopeo reads, and imports it',
    async (name) => {
      const path = join(await cleanup.folder(), name)
      const kind = name.endsWith('.tar') ? 'oci-archive' : 'oci'
      await copied(`${kura.host}/team/app:v1`, `${kind}:${path}`)
      const raw = await run('skopeo', ['inspect', '--raw', `${kind}:${path}:v1`])
      expect(raw).toBe(index.toString())
      await copied(`${kind}:${path}:v1`, `${kura.host}/${name.replace('.', '-')}/app`)
      const place = here(`${name.replace('.', '-')}/app`)
      expect(await digestAt(place, 'v1')).toBe(indexDigest)
      expect(await referrersAt(place, indexDigest)).toEqual([signatureDigest])
    },
  )

  it('reads what skopeo has written', async () => {
    const folder = await cleanup.folder()
    const from = `docker://${kura.host}/team/app:v1`
    await run('skopeo', [
      'copy',
      '--all',
      '--preserve-digests',
      '--src-tls-verify=false',
      from,
      `oci-archive:${folder}/a.tar:v1`,
    ])
    await run('gzip', [`${folder}/a.tar`])
    await copied(`oci-archive:${folder}/a.tar.gz:v1`, `${kura.host}/skopeo/app`)
    expect(await digestAt(here('skopeo/app'), 'v1')).toBe(indexDigest)
  })

  it('says what is missing, and does not say that it is done', async () => {
    const missing = await runKura(['copy', `${kura.host}/team/none:v1`, `${other.host}/none`])
    expect([missing.code, missing.stdout]).toEqual([1, ''])
    expect(missing.stderr).toMatch(/team\/none has no manifest v1/)

    const folder = join(await cleanup.folder(), 'layout')
    await copied(`${kura.host}/team/app:amd64`, `oci:${folder}`)
    const { digest } = describe('', layer)
    const blob = join(folder, 'blobs', digest.replace(':', '/'))
    const bytes = await readFile(blob)
    await writeFile(blob, Buffer.concat([bytes.subarray(1), Buffer.alloc(1)]))
    await expect(copied(`oci:${folder}:amd64`, `${other.host}/wrong`)).rejects.toThrow(/\(400\)/)
    expect(await digestAt(there('wrong'), 'amd64')).toBe(404)
    await rm(blob)
    const gone = copied(`oci:${folder}:amd64`, `${other.host}/gone`)
    await expect(gone).rejects.toThrow(digest.slice(7))
    expect((await stat(folder)).isDirectory()).toBe(true)
  })
})
