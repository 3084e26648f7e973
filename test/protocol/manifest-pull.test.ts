/** GET and HEAD /v2/<name>/manifests/<reference>: what was stored, whatever the client would accept. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { imageIndex } from '../../registry/protocol/media-types.ts'
import {
  type Packed,
  packImage,
  packIndex,
  pushImage,
  putManifest,
  sha256,
  sha512,
} from './support/content.ts'
import { expectError, expectSameHead, useRegistry } from './support/suite.ts'

const client = useRegistry()
const dockerImage = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json'

let image: Packed
let list: Packed
beforeAll(async () => {
  image = await pushImage(client, 'a', { reference: 'image', mediaType: dockerImage })
  list = packIndex([image], { mediaType: dockerList })
  await putManifest(client, 'a/manifests/list', list)
  await putManifest(client, 'a/manifests/index', packIndex([image]))
})

describe('a manifest', () => {
  it('comes with the headers that clients rely on, by tag and by digest', async () => {
    for (const reference of ['image', image.digest]) {
      const answer = await client.get(`/v2/a/manifests/${reference}`)
      expect(answer.status).toBe(200)
      expect(answer.body.equals(image.bytes)).toBe(true)
      expect(answer.headers).toMatchObject({
        'content-type': dockerImage,
        'content-length': String(image.size),
        'docker-content-digest': image.digest,
        etag: `"${image.digest}"`,
      })
      expectSameHead(await client.head(`/v2/a/manifests/${reference}`), answer)
    }
  })

  const accepts = ['*/*', '', 'text/plain', dockerImage, imageIndex, `${dockerImage};q=0.1, x/y`]
  it.each(accepts)('is served as it is to who accepts %j', async (accept) => {
    for (const [tag, type] of [
      ['image', dockerImage],
      ['list', dockerList],
      ['index', imageIndex],
    ]) {
      const answer = await client.get(`/v2/a/manifests/${tag}`, { headers: { Accept: accept } })
      expect(answer.status).toBe(200)
      expect(answer.headers['content-type']).toBe(type)
    }
    const answer = await client.get('/v2/a/manifests/list', { headers: { Accept: accept } })
    expect(answer.headers['docker-content-digest']).toBe(list.digest)
  })

  it('may be asked for as the mirror of another registry', async () => {
    expect((await client.get('/v2/a/manifests/image?ns=docker.io')).status).toBe(200)
  })
})

describe('a condition', () => {
  it('that names the digest sends nothing again, quoted or not', async () => {
    for (const header of [`"${image.digest}"`, image.digest, `W/"${image.digest}"`, '*']) {
      for (const reference of ['image', image.digest]) {
        const headers = { 'If-None-Match': header }
        const answer = await client.get(`/v2/a/manifests/${reference}`, { headers })
        expect(answer.status).toBe(304)
        expect(answer.body).toHaveLength(0)
        expect(answer.headers).not.toHaveProperty('docker-content-digest')
      }
    }
  })

  it('that names another sends it', async () => {
    const headers = { 'If-None-Match': `"${sha256('other')}"` }
    expect((await client.get('/v2/a/manifests/image', { headers })).status).toBe(200)
  })
})

describe('a manifest that is not there', () => {
  const missing: [reference: string, detail: string][] = [
    ['unknown', 'unknown tag=unknown'],
    [sha256('unknown'), `unknown manifest name=a revision=${sha256('unknown')}`],
    [sha512('unknown'), `unknown manifest name=a revision=${sha512('unknown')}`],
    ['-not-a-tag', 'unknown tag=-not-a-tag'],
  ]
  it.each(missing)('is unknown: %s', async (reference, detail) => {
    const answer = await client.get(`/v2/a/manifests/${reference}`)
    expect(expectError(answer, 404, 'MANIFEST_UNKNOWN')).toEqual([detail])
    expect((await client.head(`/v2/a/manifests/${reference}`)).status).toBe(404)
    const deleted = await client.remove(`/v2/a/manifests/${reference}`)
    expectError(deleted, 404, 'MANIFEST_UNKNOWN')
  })

  it('is unknown in a repository that is not there', async () => {
    expectError(await client.get('/v2/none/manifests/latest'), 404, 'MANIFEST_UNKNOWN')
  })

  it('may be in another repository, which does not help', async () => {
    for (const reference of ['image', image.digest]) {
      expectError(await client.get(`/v2/b/manifests/${reference}`), 404, 'MANIFEST_UNKNOWN')
    }
  })

  it('is no manifest for being a blob, and no blob for being a manifest', async () => {
    expectError(await client.get(`/v2/a/manifests/${sha256('layer')}`), 404, 'MANIFEST_UNKNOWN')
    expectError(await client.get(`/v2/a/blobs/${image.digest}`), 404, 'BLOB_UNKNOWN')
  })

  it.each(['sha256:abc', `sha384:${'a'.repeat(96)}`, 'a:b'])(
    'cannot be asked for by the digest %s',
    async (digest) => {
      for (const method of ['GET', 'DELETE']) {
        const answer = await client.send(method, `/v2/a/manifests/${digest}`)
        expectError(answer, 400, 'DIGEST_INVALID')
      }
    },
  )
})

describe('a tag', () => {
  it('differs from another in case alone', async () => {
    await pushImage(client, 'cases', { reference: 'V1', layers: ['upper'] })
    await pushImage(client, 'cases', { reference: 'v1', layers: ['lower'] })
    const [upper, lower] = [packImage(['upper']), packImage(['lower'])]
    const found = await client.get('/v2/cases/manifests/V1')
    expect(found.headers['docker-content-digest']).toBe(upper.digest)
    const other = await client.get('/v2/cases/manifests/v1')
    expect(other.headers['docker-content-digest']).toBe(lower.digest)
  })
})
