/** GET /v2/<name>/referrers/<digest>: what refers to a manifest, whether or not that is there. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { imageIndex, imageManifest } from '../../registry/protocol/media-types.ts'
import { type Answer, jsonOf, nextOf } from './support/client.ts'
import {
  configType,
  descriptor,
  type Packed,
  pack,
  packImage,
  packIndex,
  pushBlob,
  pushImage,
  putManifest,
  sha256,
  sha512,
} from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry()
const subjectOf = (text: string) => descriptor(text, imageManifest)

type Entry = { mediaType: string; digest: string; size: number; artifactType?: string }

function entriesOf(answer: Answer): Entry[] {
  expect(answer.status).toBe(200)
  expect(answer.headers['content-type']).toBe(imageIndex)
  const { schemaVersion, mediaType, manifests } = jsonOf<{
    schemaVersion: number
    mediaType: string
    manifests: Entry[]
  }>(answer)
  expect([schemaVersion, mediaType]).toEqual([2, imageIndex])
  return manifests
}

const referrersOf = async (repository: string, digest: string, query = '') =>
  entriesOf(await client.get(`/v2/${repository}/referrers/${digest}${query}`))
const digestsOf = (entries: { digest: string }[]) => entries.map(({ digest }) => digest)

async function push(repository: string, manifest: Packed): Promise<Packed> {
  const answer = await putManifest(client, `${repository}/manifests/${manifest.digest}`, manifest)
  expect(answer.status).toBe(201)
  return manifest
}

describe('a manifest that nothing refers to', () => {
  it('has an empty list, known or not', async () => {
    const image = await pushImage(client, 'plain', {})
    expect(await referrersOf('plain', image.digest)).toEqual([])
    expect(await referrersOf('plain', sha256('unknown'))).toEqual([])
    expect(await referrersOf('none', sha256('unknown'))).toEqual([])
    expect(await referrersOf('plain', sha512('unknown'))).toEqual([])
  })

  it.each(['sha256:abc', 'latest', `md5:${'a'.repeat(32)}`])(
    'cannot be called %s',
    async (digest) => {
      expectError(await client.get(`/v2/plain/referrers/${digest}`), 400, 'DIGEST_INVALID')
    },
  )
})

describe('a referrer', () => {
  const subject = subjectOf('a subject that comes later')
  const annotations = { 'org.example.kind': 'sbom', note: 'ünïcode' }
  const typed = packImage([], { subject, artifactType: 'application/x.sbom', annotations })
  const untyped = packImage([], { subject })
  const another = packImage([], { subject, annotations })
  const index = packIndex([], { subject })
  const typedIndex = packIndex([], { subject, artifactType: 'application/x.list' })
  const artifact = pack({
    mediaType: 'application/vnd.oci.artifact.manifest.v1+json',
    artifactType: 'application/x.old',
    blobs: [],
    subject,
  })

  beforeAll(async () => {
    await pushBlob(client, 'a', '{}')
    const all = [typed, untyped, another, index, typedIndex, artifact]
    for (const manifest of all) await push('a', manifest)
  })

  const described: [what: string, manifest: Packed, artifactType: string | undefined][] = [
    ['an image with its artifactType', typed, 'application/x.sbom'],
    ['an image with the type of its config', untyped, configType],
    ['an index without a type', index, undefined],
    ['an index with its artifactType', typedIndex, 'application/x.list'],
    ['an artifact', artifact, 'application/x.old'],
  ]
  it.each(described)('is described: %s', async (_what, manifest, artifactType) => {
    const { digest, mediaType, size } = manifest
    const found = (await referrersOf('a', subject.digest)).find((it) => it.digest === digest)
    expect(found).toEqual({
      mediaType,
      digest,
      size,
      ...(artifactType && { artifactType }),
      ...(manifest === typed && { annotations }),
    })
  })

  it('is listed in the order of digests, once, however often it is pushed', async () => {
    await push('a', typed)
    await putManifest(client, 'a/manifests/tagged', typed)
    const digests = digestsOf(await referrersOf('a', subject.digest))
    expect(digests).toHaveLength(6)
    expect(digests).toEqual([...digests].sort())
  })

  it('is one in its own repository alone', async () => {
    expect(await referrersOf('b', subject.digest)).toEqual([])
  })

  it('may be asked for by type, and the answer says so', async () => {
    const path = `/v2/a/referrers/${subject.digest}`
    const wanted = await client.get(`${path}?artifactType=application/x.sbom`)
    expect(wanted.headers['oci-filters-applied']).toBe('artifactType')
    expect(digestsOf(entriesOf(wanted))).toEqual([typed.digest])

    const none = await client.get(`${path}?artifactType=application%2Fnone`)
    expect(none.headers['oci-filters-applied']).toBe('artifactType')
    expect(entriesOf(none)).toEqual([])

    const all = await client.get(`${path}?artifactType=`)
    expect(all.headers).not.toHaveProperty('oci-filters-applied')
    expect(entriesOf(all)).toHaveLength(6)
  })

  it('comes in pages that keep the filter and end', async () => {
    for (const [n, filter] of [
      [1, ''],
      [2, ''],
      [6, ''],
      [1, `&artifactType=${encodeURIComponent(configType)}`],
    ]) {
      const all = await referrersOf('a', subject.digest, `?n=1000${filter}`)
      expect(all).toHaveLength(filter ? 2 : 6)
      const seen: Entry[] = []
      let path: string | undefined = `/v2/a/referrers/${subject.digest}?n=${n}${filter}`
      while (path) {
        const answer = await client.get(path)
        seen.push(...entriesOf(answer))
        expect(answer.headers['oci-filters-applied']).toBe(filter ? 'artifactType' : undefined)
        path = nextOf(answer)
      }
      expect(seen).toEqual(all)
    }
    expectError(
      await client.get(`/v2/a/referrers/${subject.digest}?n=x`),
      400,
      'PAGINATION_NUMBER_INVALID',
    )
  })

  it('is gone once it is deleted, and the others stay', async () => {
    expect((await client.remove(`/v2/a/manifests/${typed.digest}`)).status).toBe(202)
    const digests = digestsOf(await referrersOf('a', subject.digest))
    expect(digests).toHaveLength(5)
    expect(digests).not.toContain(typed.digest)
    await push('a', typed)
    expect(digestsOf(await referrersOf('a', subject.digest))).toContain(typed.digest)
  })

  it('outlives the subject it refers to', async () => {
    const image = await pushImage(client, 'a', { reference: 'subject' })
    const referrer = await push('a', packImage([], { subject: { ...image, bytes: undefined } }))
    await client.remove(`/v2/a/manifests/${image.digest}`)
    expect(digestsOf(await referrersOf('a', image.digest))).toEqual([referrer.digest])
  })
})

describe('the index that clients kept under a fallback tag', () => {
  const subject = subjectOf('an old subject')
  const tag = subject.digest.replace(':', '-')

  it('is merged with what refers by itself', async () => {
    await pushBlob(client, 'old', '{}')
    const one = await push('old', packImage([], { subject, annotations: { nr: '1' } }))
    const two = await push('old', packImage([], { subject, annotations: { nr: '2' } }))
    const stranger = await push('old', packImage([], { annotations: { nr: '3' } }))
    await putManifest(client, `old/manifests/${tag}`, packIndex([one, stranger]))

    const digests = digestsOf(await referrersOf('old', subject.digest))
    expect(digests).toEqual([one.digest, two.digest].sort())
  })

  it('counts where no link was ever written, as in a volume of an earlier registry', async () => {
    await pushBlob(client, 'older', '{}')
    const one = await push('older', packImage([], { subject }))
    await putManifest(client, `older/manifests/${tag}`, packIndex([one]))
    await client
      .registry()
      .storage.remove('docker/registry/v2/repositories/older/_manifests/referrers')
    expect(digestsOf(await referrersOf('older', subject.digest))).toEqual([one.digest])
  })

  it('does no harm when it is no index', async () => {
    await pushImage(client, 'oldest', { reference: tag })
    expect(await referrersOf('oldest', subject.digest)).toEqual([])
  })
})
