/** GET and HEAD /v2/<name>/blobs/<digest>: the bytes, their headers, and who may see them. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { locationOf } from './support/client.ts'
import { pushBlob, sha256, sha512, startUpload } from './support/content.ts'
import { expectError, expectSameHead, useRegistry } from './support/suite.ts'

const client = useRegistry()

describe('a blob', () => {
  it('comes back byte for byte, with the headers that clients rely on', async () => {
    const digest = await pushBlob(client, 'a', 'some layer')
    const answer = await client.get(`/v2/a/blobs/${digest}`)
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('some layer')
    expect(answer.headers).toMatchObject({
      'content-length': '10',
      'content-type': 'application/octet-stream',
      'docker-content-digest': digest,
      etag: `"${digest}"`,
      'cache-control': 'max-age=31536000',
      'accept-ranges': 'bytes',
      'docker-distribution-api-version': 'registry/2.0',
    })
    expect(answer.headers).not.toHaveProperty('content-encoding')
    expectSameHead(await client.head(`/v2/a/blobs/${digest}`), answer)
  })

  it('of several megabytes comes back whole', async () => {
    const bytes = randomBytes(5 * 1024 * 1024 + 3)
    const digest = await pushBlob(client, 'a', bytes)
    const answer = await client.get(`/v2/a/blobs/${digest}`)
    expect(sha256(answer.body)).toBe(digest)
    expect(answer.headers['content-length']).toBe(String(bytes.length))
  })

  it('without bytes is a blob like any other', async () => {
    const digest = await pushBlob(client, 'a', '')
    const answer = await client.get(`/v2/a/blobs/${digest}`)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-length']).toBe('0')
    expect(answer.headers['docker-content-digest']).toBe(digest)
    expectSameHead(await client.head(`/v2/a/blobs/${digest}`), answer)
  })

  it('is found by many at once', async () => {
    const bytes = randomBytes(1024 * 1024)
    const path = `/v2/a/blobs/${await pushBlob(client, 'a', bytes)}`
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.get(path)))
    for (const { body } of answers) expect(body.equals(bytes)).toBe(true)
  })
})

describe('a blob that is not there', () => {
  it.each(['GET', 'HEAD', 'DELETE'])('is unknown to %s', async (method) => {
    const answer = await client.send(method, `/v2/a/blobs/${sha256('absent')}`)
    expect(answer.status).toBe(404)
    if (method === 'HEAD') return
    expect(expectError(answer, 404, 'BLOB_UNKNOWN')).toEqual([sha256('absent')])
    expect(answer.headers).not.toHaveProperty('cache-control')
  })

  it('is unknown in a repository that is not there either', async () => {
    expectError(await client.get(`/v2/none/blobs/${sha256('absent')}`), 404, 'BLOB_UNKNOWN')
  })

  const malformed = ['sha256:abc', 'latest', `sha384:${'a'.repeat(96)}`, `sha256:${'A'.repeat(64)}`]
  it.each(malformed)('cannot be called %s', async (digest) => {
    for (const method of ['GET', 'DELETE']) {
      const answer = await client.send(method, `/v2/a/blobs/${digest}`)
      expectError(answer, 400, 'DIGEST_INVALID')
    }
  })
})

describe('a blob of one repository', () => {
  it('is not seen in another, not even by its digest', async () => {
    const digest = await pushBlob(client, 'private', 'a secret layer')
    for (const repository of ['public', 'private/below', 'priv']) {
      expectError(await client.get(`/v2/${repository}/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
      expectError(await client.remove(`/v2/${repository}/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
    }
  })

  it('stays in the other when it is deleted in one', async () => {
    const digest = await pushBlob(client, 'one', 'shared layer')
    await pushBlob(client, 'two', 'shared layer')
    expect((await client.remove(`/v2/one/blobs/${digest}`)).status).toBe(202)
    expectError(await client.get(`/v2/one/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
    expect((await client.get(`/v2/two/blobs/${digest}`)).text).toBe('shared layer')
  })
})

describe('a blob pushed under sha512', () => {
  it('is known by the digest its client used, and by the canonical one', async () => {
    const path = await startUpload(client, 'long')
    const digest = sha512('layer')
    const pushed = await client.put(`${path}?digest=${digest}`, { body: 'layer' })
    expect(pushed.status).toBe(201)
    expect(locationOf(pushed)).toBe(`/v2/long/blobs/${digest}`)
    for (const name of [digest, sha256('layer')]) {
      const answer = await client.get(`/v2/long/blobs/${name}`)
      expect(answer.text).toBe('layer')
      expect(answer.headers['docker-content-digest']).toBe(name)
      expect(answer.headers.etag).toBe(`"${name}"`)
    }
  })

  it('goes under all its names at once', async () => {
    expect((await client.remove(`/v2/long/blobs/${sha256('layer')}`)).status).toBe(202)
    for (const name of [sha512('layer'), sha256('layer')]) {
      expectError(await client.get(`/v2/long/blobs/${name}`), 404, 'BLOB_UNKNOWN')
    }
  })
})

describe('a blob whose bytes a crash has taken', () => {
  it('is not there, so that a client pushes it again and repairs it', async () => {
    const digest = await pushBlob(client, 'damaged', 'bytes that get lost')
    const hex = digest.slice('sha256:'.length)
    const data = join(
      client.registry().root,
      `docker/registry/v2/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`,
    )
    await writeFile(data, '')
    for (const method of ['GET', 'HEAD']) {
      expect((await client.send(method, `/v2/damaged/blobs/${digest}`)).status).toBe(404)
    }
    await pushBlob(client, 'damaged', 'bytes that get lost')
    expect((await client.get(`/v2/damaged/blobs/${digest}`)).text).toBe('bytes that get lost')
  })
})
