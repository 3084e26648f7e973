/** Manifests that are not taken: wrong type, wrong digest, too large, or naming what is not here. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { imageIndex, imageManifest } from '../../registry/protocol/media-types.ts'
import {
  configType,
  descriptor,
  type Packed,
  pack,
  packImage,
  packIndex,
  pushBlob,
  putManifest,
  sha256,
  sha512,
} from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry()
const image = packImage(['layer'])
const put = (manifest: Pick<Packed, 'bytes' | 'mediaType'>, reference = 'latest') =>
  putManifest(client, `a/manifests/${reference}`, manifest)

beforeAll(async () => {
  for (const blob of ['{}', 'layer']) await pushBlob(client, 'a', blob)
})

describe('a manifest is refused', () => {
  it.each(['', 'application/json', 'text/json', 'text/plain', 'image/png'])(
    'for the type %j',
    async (mediaType) => {
      const [detail] = expectError(await put({ ...image, mediaType }), 400, 'MANIFEST_INVALID')
      expect(detail).toMatchObject({ found: mediaType })
    },
  )

  it('for schema 1', async () => {
    const mediaType = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
    expectError(await put({ ...image, mediaType }), 400, 'MANIFEST_INVALID')
  })

  it('for another type inside than outside', async () => {
    expectError(await put({ ...image, mediaType: imageIndex }), 400, 'MANIFEST_INVALID')
  })

  const bodies: [what: string, bytes: Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['no JSON', Buffer.from('manifest')],
    ['JSON that nests deep', Buffer.from('['.repeat(100_000))],
    ['JSON that is no manifest', Buffer.from('{}')],
    ['an image that has manifests too', packImage(['layer'], { manifests: [] }).bytes],
  ]
  it.each(bodies)('for %s', async (_what, bytes) => {
    expectError(await put({ bytes, mediaType: imageManifest }), 400, 'MANIFEST_INVALID')
  })

  it.each([sha256('other'), sha512('other')])(
    'for the digest of something else: %s',
    async (it) => {
      const [detail] = expectError(await put(image, it), 400, 'DIGEST_INVALID')
      expect(detail).toMatchObject({ digest: it })
      expectError(await client.get(`/v2/a/manifests/${it}`), 404, 'MANIFEST_UNKNOWN')
    },
  )

  it.each(['sha256:abc', 'md5:abc', 'a:b'])('for the malformed digest %s', async (digest) => {
    expectError(await put(image, digest), 400, 'DIGEST_INVALID')
  })

  it.each(['-a', '.a', 'a+b', 'a'.repeat(129)])('for the malformed tag %s', async (tag) => {
    expectError(await put(image, tag), 400, 'TAG_INVALID')
    expectError(await client.get(`/v2/a/manifests/${tag}`), 404, 'MANIFEST_UNKNOWN')
  })
})

describe('the size of a manifest', () => {
  const megabytes = (size: number) => {
    const empty = packImage(['layer'], { annotations: { pad: '' } }).size
    return packImage(['layer'], { annotations: { pad: 'x'.repeat(size * 1024 * 1024 - empty) } })
  }

  it('may be four megabytes', async () => {
    const large = megabytes(4)
    expect(large.size).toBe(4 * 1024 * 1024)
    expect((await put(large, 'large')).status).toBe(201)
    expect((await client.get('/v2/a/manifests/large')).body.equals(large.bytes)).toBe(true)
  })

  const framings: Record<string, string>[] = [{}, { 'Transfer-Encoding': 'chunked' }]
  it.each(framings)('may not be more, whether or not it is said before (%j)', async (headers) => {
    const bytes = Buffer.concat([megabytes(4).bytes, Buffer.from(' ')])
    const sent = { body: bytes, headers: { 'Content-Type': imageManifest, ...headers } }
    const answer = await client.put('/v2/a/manifests/larger', sent)
    const details = expectError(answer, 413, 'MANIFEST_INVALID')
    expect(details).toEqual([{ allowedBytes: 4 * 1024 * 1024 }])
    expectError(await client.get('/v2/a/manifests/larger'), 404, 'MANIFEST_UNKNOWN')
  })
})

describe('what a manifest names must be here', () => {
  it('with an error for each digest that is missing, each once', async () => {
    const manifest = packImage(['layer', 'gone', 'lost', 'gone'], {
      config: descriptor('no config', configType),
    })
    const details = expectError(await put(manifest, 'missing'), 400, 'MANIFEST_BLOB_UNKNOWN')
    expect(details).toEqual([sha256('no config'), sha256('gone'), sha256('lost')])
    expectError(await client.get('/v2/a/manifests/missing'), 404, 'MANIFEST_UNKNOWN')
  })

  it('with no more than a hundred of them named, each looked for once', async () => {
    const layers = Array.from({ length: 300 }, (_, at) => descriptor(`gone ${at}`))
    const manifest = packImage([], { layers: [...layers, ...layers] })
    const details = expectError(await put(manifest), 400, 'MANIFEST_BLOB_UNKNOWN')
    expect(details).toEqual(layers.slice(0, 100).map(({ digest }) => digest))
  })

  it('in this repository, as others do not count', async () => {
    const answer = await putManifest(client, 'b/manifests/latest', image)
    const details = expectError(answer, 400, 'MANIFEST_BLOB_UNKNOWN')
    expect(details).toEqual([sha256('{}'), sha256('layer')])
  })

  it('which holds for the children of an index', async () => {
    const answer = await put(packIndex([packImage(['unknown'])]))
    expect(expectError(answer, 400, 'MANIFEST_BLOB_UNKNOWN')).toHaveLength(1)
  })

  it('though a build cache may be an index of layers', async () => {
    const manifests = [
      descriptor('layer', 'application/vnd.docker.image.rootfs.diff.tar.gzip'),
      descriptor('{}', 'application/vnd.buildkit.cacheconfig.v0'),
    ]
    const answer = await put(pack({ schemaVersion: 2, mediaType: imageIndex, manifests }), 'cache')
    expect(answer.status).toBe(201)
  })

  it.each([
    'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
  ])('and %s without an address is a layer like any other', async (mediaType) => {
    const layers = [{ ...descriptor('elsewhere'), mediaType }]
    expectError(await put(packImage([], { layers })), 400, 'MANIFEST_BLOB_UNKNOWN')
  })

  it('though a foreign layer may lie elsewhere, whatever its address', async () => {
    const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar'
    for (const url of ['https://cdn.example/x', 'ftp://cdn.example/x#part', 'x']) {
      const layers = [{ ...descriptor('elsewhere'), mediaType, urls: [url] }]
      expect((await put(packImage([], { layers }))).status).toBe(201)
    }
  })

  it('and an ordinary one or a config with an address has to be here', async () => {
    const urls = ['https://cdn.example/x']
    const here = packImage([], { layers: [{ ...descriptor('layer'), urls }] })
    expect((await put(here)).status).toBe(201)
    const layers = [{ ...descriptor('elsewhere'), urls }]
    expectError(await put(packImage([], { layers })), 400, 'MANIFEST_BLOB_UNKNOWN')
    const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar'
    const config = { ...descriptor('elsewhere', mediaType), urls }
    expectError(await put(packImage([], { config })), 400, 'MANIFEST_BLOB_UNKNOWN')
  })
})
