/** POST /v2/<name>/blobs/uploads/: starting an upload, or pushing a whole blob in one request. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { locationOf } from './support/client.ts'
import { pushBlob, sha256, sha512, uploadAt } from './support/content.ts'
import { openRequest } from './support/raw.ts'
import { expectError, until, useRegistry } from './support/suite.ts'

const client = useRegistry()

async function uploadsOf(repository: string): Promise<string[]> {
  const folder = join(
    client.registry().root,
    `docker/registry/v2/repositories/${repository}/_uploads`,
  )
  return readdir(folder).catch(() => [])
}

describe('starting an upload', () => {
  it.each(['/v2/a/blobs/uploads/', '/v2/a/blobs/uploads'])('is answered at %s', async (path) => {
    const answer = await client.post(path)
    expect(answer.status).toBe(202)
    const id = answer.headers['docker-upload-uuid']
    expect(id).toMatch(/^[a-zA-Z0-9-_.=]+$/)
    expect(answer.headers).toMatchObject({
      location: uploadAt(`/v2/a/blobs/uploads/${id}`),
      range: '0-0',
      'content-length': '0',
    })
  })

  it('gives each its own', async () => {
    const [one, two] = [
      await client.post('/v2/a/blobs/uploads/'),
      await client.post('/v2/a/blobs/uploads/'),
    ]
    expect(one.headers.location).not.toBe(two.headers.location)
  })

  it('does not make a repository known yet', async () => {
    await client.post('/v2/begun/blobs/uploads/')
    expectError(await client.get('/v2/begun/tags/list'), 404, 'NAME_UNKNOWN')
  })

  it.each(['sha256', 'sha512'])('may announce the algorithm %s', async (algorithm) => {
    const answer = await client.post(`/v2/a/blobs/uploads/?digest-algorithm=${algorithm}`)
    expect(answer.status).toBe(202)
    const digest = algorithm === 'sha256' ? sha256('layer') : sha512('layer')
    await client.patch(locationOf(answer), { body: 'layer' })
    const ended = await client.put(locationOf(answer, { digest }))
    expect(ended.status).toBe(201)
    expect(ended.headers['docker-content-digest']).toBe(digest)
    expect((await client.get(locationOf(ended))).text).toBe('layer')
  })

  it.each(['md5', 'sha384', 'SHA256', ''])('may not announce the algorithm %j', async (name) => {
    const answer = await client.post(`/v2/a/blobs/uploads/?digest-algorithm=${name}`)
    expectError(answer, 400, 'DIGEST_INVALID')
  })
})

describe('a whole blob in one request', () => {
  it.each([
    ['sha256', sha256('whole')],
    ['sha512', sha512('whole')],
  ])('is taken under %s', async (_algorithm, digest) => {
    const answer = await client.post(`/v2/whole/blobs/uploads/?digest=${digest}`, { body: 'whole' })
    expect(answer.status).toBe(201)
    expect(answer.headers).toMatchObject({
      location: `/v2/whole/blobs/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    })
    expect((await client.get(`/v2/whole/blobs/${digest}`)).text).toBe('whole')
    expect(await uploadsOf('whole')).toEqual([])
  })

  it('may come without its length', async () => {
    const digest = sha256('streamed')
    const headers = { 'Transfer-Encoding': 'chunked' }
    const path = `/v2/whole/blobs/uploads/?digest=${digest}`
    const answer = await client.post(path, { body: 'streamed', headers })
    expect(answer.status).toBe(201)
    expect((await client.get(`/v2/whole/blobs/${digest}`)).text).toBe('streamed')
  })

  it('may be empty', async () => {
    const answer = await client.post(`/v2/whole/blobs/uploads/?digest=${sha256('')}`)
    expect(answer.status).toBe(201)
    expect((await client.head(`/v2/whole/blobs/${sha256('')}`)).status).toBe(200)
  })

  it('may be there already', async () => {
    await pushBlob(client, 'whole', 'twice')
    const path = `/v2/whole/blobs/uploads/?digest=${sha256('twice')}`
    expect((await client.post(path, { body: 'twice' })).status).toBe(201)
  })

  it('with another digest is refused, and leaves nothing behind', async () => {
    const path = `/v2/refused/blobs/uploads/?digest=${sha256('x')}`
    const answer = await client.post(path, { body: 'y' })
    const details = expectError(answer, 400, 'DIGEST_INVALID')
    expect(details).toEqual([{ digest: sha256('x'), found: sha256('y') }])
    expectError(await client.get(`/v2/refused/blobs/${sha256('y')}`), 404, 'BLOB_UNKNOWN')
    expect(await uploadsOf('refused')).toEqual([])
  })

  it.each(['', 'x', 'sha256:abc', `md5:${'a'.repeat(32)}`])(
    'with the digest %j is refused',
    async (digest) => {
      const answer = await client.post(`/v2/a/blobs/uploads/?digest=${digest}`, { body: 'x' })
      expectError(answer, 400, 'DIGEST_INVALID')
    },
  )

  it('whose client leaves is forgotten', async () => {
    const line = `POST /v2/left/blobs/uploads/?digest=${sha256('0123456789')}`
    const request = await openRequest(client.registry().port, line, { 'Content-Length': 10 })
    await request.write('01234')
    await until(async () => (await uploadsOf('left')).length === 1)
    request.leave()
    await until(async () => (await uploadsOf('left')).length === 0)
    expectError(await client.get('/v2/left/tags/list'), 404, 'NAME_UNKNOWN')
  })

  it('that comes later, as some clients do it, starts an upload', async () => {
    const digest = sha256('later')
    const started = await client.post(`/v2/a/blobs/uploads/?digest=${digest}`)
    expect(started.status).toBe(202)
    const ended = await client.put(locationOf(started, { digest }), { body: 'later' })
    expect(ended.status).toBe(201)
  })
})
