/** PUT /v2/<name>/manifests/<reference>: what is taken, how it is answered, and under which tags. */
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { imageManifest } from '../../registry/protocol/media-types.ts'
import { jsonOf } from './support/client.ts'
import {
  descriptor,
  type Packed,
  pack,
  packImage,
  packIndex,
  pushBlob,
  pushImage,
  putManifest,
  sha512,
} from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry()
const dockerImage = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json'
const custom = 'application/vnd.example.thing.v1+json'

beforeAll(async () => {
  for (const blob of ['{}', 'layer']) await pushBlob(client, 'a', blob)
})

const image = packImage(['layer'])
const noType = { ...packImage(['layer'], { mediaType: undefined }), mediaType: imageManifest }

describe('a manifest', () => {
  const artifact = pack({
    mediaType: 'application/vnd.oci.artifact.manifest.v1+json',
    artifactType: 'application/x',
    blobs: [descriptor('layer')],
  })
  const taken: [what: string, manifest: Packed][] = [
    ['an OCI image', image],
    ['an OCI image that does not name its type', noType],
    ['an OCI image without layers', packImage([])],
    ['an OCI index', packIndex([image])],
    ['an OCI index without children', packIndex([])],
    ['a Docker image', packImage(['layer'], { mediaType: dockerImage })],
    ['a Docker list', packIndex([image], { mediaType: dockerList })],
    ['an artifact', artifact],
    ['a type of somebody else', packImage(['layer'], { mediaType: custom })],
  ]
  it.each(taken)('of this kind comes back as it was pushed: %s', async (_what, manifest) => {
    await putManifest(client, `a/manifests/${image.digest}`, image)
    for (const reference of ['latest', manifest.digest]) {
      const pushed = await putManifest(client, `a/manifests/${reference}`, manifest)
      expect(pushed.status).toBe(201)
      expect(pushed.body).toHaveLength(0)
      expect(pushed.headers).toMatchObject({
        location: `/v2/a/manifests/${manifest.digest}`,
        'docker-content-digest': manifest.digest,
        'content-length': '0',
      })
      const pulled = await client.get(`/v2/a/manifests/${reference}`)
      expect(pulled.body.equals(manifest.bytes)).toBe(true)
      expect(pulled.headers['content-type']).toBe(manifest.mediaType)
    }
  })

  it('is kept byte for byte, spaces and all', async () => {
    const bytes = Buffer.from(
      `\n  ${JSON.stringify(JSON.parse(image.bytes.toString()), null, 5)}\r\n`,
    )
    await putManifest(client, 'a/manifests/spaced', { ...image, bytes })
    expect((await client.get('/v2/a/manifests/spaced')).body.equals(bytes)).toBe(true)
  })

  it('may be sent with parameters on its type, without its length, or again', async () => {
    const headers = {
      'Content-Type': `${imageManifest}; charset=utf-8`,
      'Transfer-Encoding': 'chunked',
    }
    for (let time = 0; time < 2; time++) {
      const answer = await putManifest(client, 'a/manifests/params', image, headers)
      expect(answer.status).toBe(201)
    }
    const pulled = await client.get('/v2/a/manifests/params')
    expect(pulled.headers['content-type']).toBe(imageManifest)
  })

  it('moves a tag, and stays under its digest when the tag moves on', async () => {
    const one = await pushImage(client, 'moving', { reference: 'latest', layers: ['one'] })
    const two = await pushImage(client, 'moving', { reference: 'latest', layers: ['two'] })
    const latest = await client.get('/v2/moving/manifests/latest')
    expect(latest.headers['docker-content-digest']).toBe(two.digest)
    expect((await client.get(`/v2/moving/manifests/${one.digest}`)).status).toBe(200)
  })

  it('pushed under sha512 is known by both digests', async () => {
    const long = sha512(image.bytes)
    const pushed = await putManifest(client, `a/manifests/${long}?tag=long`, image)
    expect(pushed.status).toBe(201)
    expect(pushed.headers['docker-content-digest']).toBe(long)
    for (const reference of [long, image.digest, 'long']) {
      const pulled = await client.get(`/v2/a/manifests/${reference}`)
      expect(pulled.body.equals(image.bytes)).toBe(true)
    }
  })

  it('with a subject says that the subject was seen, there or not', async () => {
    const subject = { ...descriptor('not there'), mediaType: imageManifest }
    const referrer = packImage(['layer'], { subject })
    const answer = await putManifest(client, `a/manifests/${referrer.digest}`, referrer)
    expect(answer.status).toBe(201)
    expect(answer.headers['oci-subject']).toBe(subject.digest)
    const plain = await putManifest(client, 'a/manifests/plain', image)
    expect(plain.headers).not.toHaveProperty('oci-subject')
    expect(plain.headers).not.toHaveProperty('oci-tag')
  })
})

describe('tags beside the reference', () => {
  const query = (tags: string[]) => tags.map((tag) => `tag=${tag}`).join('&')
  const numbered = (count: number) => Array.from({ length: count }, (_, at) => `t${at}`)

  it.each([1, 10, 64])('are all set, %d of them', async (count) => {
    const repository = `tagged/${count}`
    await pushImage(client, repository, {})
    const path = `${repository}/manifests/${image.digest}?${query(numbered(count))}`
    const answer = await putManifest(client, path, image)
    expect(answer.status).toBe(201)
    expect(answer.headers['oci-tag']).toBe(numbered(count).join(', '))
    const listed = jsonOf(await client.get(`/v2/${repository}/tags/list`))
    expect(listed.tags).toEqual(numbered(count).sort())
  })

  it('are refused when there are more than 64, and none is set', async () => {
    await pushBlob(client, 'tagged/over', 'layer')
    const path = `tagged/over/manifests/${image.digest}?${query(numbered(65))}`
    expectError(await putManifest(client, path, image), 414, 'MANIFEST_INVALID')
    expect(jsonOf(await client.get('/v2/tagged/over/tags/list')).tags).toEqual([])
  })

  it('are refused together when one is malformed', async () => {
    const path = `a/manifests/${image.digest}?tag=fine&tag=-bad`
    expectError(await putManifest(client, path, image), 400, 'TAG_INVALID')
    expectError(await client.get('/v2/a/manifests/fine'), 404, 'MANIFEST_UNKNOWN')
  })

  it('may be given beside a tag, and twice', async () => {
    const answer = await putManifest(client, 'a/manifests/main?tag=x&tag=x&tag=main', image)
    expect(answer.headers['oci-tag']).toBe('x, main')
    for (const tag of ['main', 'x']) {
      expect((await client.head(`/v2/a/manifests/${tag}`)).status).toBe(200)
    }
  })
})

describe('many pushes at once', () => {
  it('of one tag leave it with one of them, and all under their digests', async () => {
    const repository = 'contested'
    for (const blob of ['{}', 'layer']) await pushBlob(client, repository, blob)
    const images = Array.from({ length: 8 }, () =>
      packImage(['layer'], { annotations: { nonce: randomBytes(8).toString('hex') } }),
    )
    const answers = await Promise.all(
      images.map((it) => putManifest(client, `${repository}/manifests/latest`, it)),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(201))
    const latest = await client.get(`/v2/${repository}/manifests/latest`)
    expect(images.map(({ digest }) => digest)).toContain(latest.headers['docker-content-digest'])
    for (const { digest } of images) {
      expect((await client.head(`/v2/${repository}/manifests/${digest}`)).status).toBe(200)
    }
  })
})
