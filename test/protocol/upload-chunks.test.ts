/** PATCH, GET, HEAD and DELETE of an upload: bytes in a stream or in chunks, in order, and how far they got. */
import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { locationOf } from './support/client.ts'
import { sha256, startUpload, uploadAt } from './support/content.ts'
import { expectError, expectSameHead, useRegistry } from './support/suite.ts'

const client = useRegistry()
const start = () => startUpload(client, 'a')

async function rangeOf(path: string) {
  const answer = await client.get(path)
  expect(answer.status).toBe(204)
  return answer.headers.range
}

describe('PATCH', () => {
  it('takes a stream without length or range, as docker sends it', async () => {
    const path = await start()
    const bytes = randomBytes(3_000_000)
    const headers = { 'Transfer-Encoding': 'chunked' }
    const answer = await client.patch(path, { body: bytes, headers })
    expect(answer.status).toBe(202)
    expect(answer.headers).toMatchObject({
      location: uploadAt(path),
      range: '0-2999999',
      'docker-upload-uuid': path.split('/').at(-1),
      'content-length': '0',
    })
    expect((await client.put(locationOf(answer, { digest: sha256(bytes) }))).status).toBe(201)
  })

  it('takes chunks in order, in both forms of a range', async () => {
    const path = await start()
    const chunks: [range: string, body: string, received: string][] = [
      ['0-3', 'abcd', '0-3'],
      ['bytes 4-4/*', 'e', '0-4'],
      ['bytes 5-7/8', 'fgh', '0-7'],
    ]
    for (const [range, body, received] of chunks) {
      const answer = await client.patch(path, { body, headers: { 'Content-Range': range } })
      expect([answer.status, answer.headers.range]).toEqual([202, received])
    }
    expect((await client.put(`${path}?digest=${sha256('abcdefgh')}`)).status).toBe(201)
  })

  it('adds to what is there when no range is given', async () => {
    const path = await start()
    for (const body of ['one ', 'two']) await client.patch(path, { body })
    expect((await client.put(`${path}?digest=${sha256('one two')}`)).status).toBe(201)
  })

  it('takes a body without bytes', async () => {
    const path = await start()
    const answer = await client.patch(path, { body: '' })
    expect([answer.status, answer.headers.range]).toEqual([202, '0-0'])
  })

  it.each([
    'application/octet-stream',
    'application/octet-stream; x=y',
    'Application/Octet-Stream',
  ])('takes the type %s', async (type) => {
    const answer = await client.patch(await start(), {
      body: 'x',
      headers: { 'Content-Type': type },
    })
    expect(answer.status).toBe(202)
  })

  it.each(['application/json', 'text/plain', 'multipart/form-data', 'application/octet-streams'])(
    'refuses the type %s, and takes nothing',
    async (type) => {
      const path = await start()
      const answer = await client.patch(path, { body: 'xyz', headers: { 'Content-Type': type } })
      expect(expectError(answer, 415, 'BLOB_UPLOAD_INVALID')).toEqual([{ found: type }])
      expect(await rangeOf(path)).toBe('0-0')
    },
  )
})

describe('a chunk out of order', () => {
  it.each(['0-2', '1-3', '2-4', '5-7', '4-6', 'bytes 9-11/12'])(
    'is refused at %s when the upload ends at 3, and says where to go on',
    async (range) => {
      const path = await start()
      await client.patch(path, { body: 'abc', headers: { 'Content-Range': '0-2' } })
      const answer = await client.patch(path, { body: 'xyz', headers: { 'Content-Range': range } })
      expectError(answer, 416, 'RANGE_INVALID')
      expect(answer.headers).toMatchObject({
        location: uploadAt(path),
        range: '0-2',
        'docker-upload-uuid': path.split('/').at(-1),
      })
      expect(await rangeOf(path)).toBe('0-2')
    },
  )

  it.each([
    'evil%0d%0aSet-Cookie:%20a=b',
    'evil%26digest=x',
    '%22%3Eevil',
    'evil%c3%a9',
    '%00evil',
  ])(
    'is told where to go on, and nothing of the state that its client made up: %s',
    async (made) => {
      const path = await start()
      const headers = { 'Content-Range': '5-7' }
      const answer = await client.patch(`${path}?_state=${made}`, { body: 'xyz', headers })
      expectError(answer, 416, 'RANGE_INVALID')
      expect(answer.headers).toMatchObject({ location: uploadAt(path), range: '0-0' })
      expect(JSON.stringify(answer.headers)).not.toContain('evil')
    },
  )

  it('is refused when it does not begin at 0 in an empty upload', async () => {
    const headers = { 'Content-Range': '1-3' }
    const answer = await client.patch(await start(), { body: 'abc', headers })
    expectError(answer, 416, 'RANGE_INVALID')
  })

  it('does not keep the upload from ending', async () => {
    const path = await start()
    await client.patch(path, { body: 'abc' })
    await client.patch(path, { body: 'abc', headers: { 'Content-Range': '0-2' } })
    await client.patch(path, { body: 'def', headers: { 'Content-Range': '3-5' } })
    expect((await client.put(`${path}?digest=${sha256('abcdef')}`)).status).toBe(201)
  })
})

describe('a range that makes no sense', () => {
  it.each(['abc', '0', '-3', '3-', '3-1', 'bytes=0-2', '0-2,3-4', 'bytes */3'])(
    '%s is refused, and nothing is taken',
    async (range) => {
      const path = await start()
      const answer = await client.patch(path, { body: 'abc', headers: { 'Content-Range': range } })
      expect(expectError(answer, 400, 'RANGE_INVALID')).toEqual([{ found: range }])
      expect(await rangeOf(path)).toBe('0-0')
    },
  )

  it.each(['0-1', '0-5'])('%s is refused for a body of 3 bytes', async (range) => {
    const path = await start()
    const answer = await client.patch(path, { body: 'abc', headers: { 'Content-Range': range } })
    expectError(answer, 400, 'SIZE_INVALID')
    expect(await rangeOf(path)).toBe('0-0')
  })

  it.each(['0-1', '0-5'])(
    '%s is refused for a stream that has 3 bytes in the end',
    async (range) => {
      const headers = { 'Content-Range': range, 'Transfer-Encoding': 'chunked' }
      const answer = await client.patch(await start(), { body: 'abc', headers })
      expectError(answer, 400, 'SIZE_INVALID')
    },
  )
})

describe('the status of an upload', () => {
  it('tells how far it got and where to go on', async () => {
    const path = await start()
    expect(await rangeOf(path)).toBe('0-0')
    await client.patch(path, { body: 'abc' })
    const answer = await client.get(path)
    expect(answer.status).toBe(204)
    expect(answer.headers).toMatchObject({ location: uploadAt(path), range: '0-2' })
    expect(answer.headers['docker-upload-uuid']).toBe(path.split('/').at(-1))
    // Location may carry a state that is good for a time, and so differs from answer to answer.
    const { location: _, ...headers } = answer.headers
    const head = await client.head(path)
    expectSameHead(head, { ...answer, headers })
    expect(head.headers.location).toEqual(uploadAt(path))
  })
})

describe('cancelling', () => {
  it('ends an upload, once', async () => {
    const path = await start()
    await client.patch(path, { body: 'abc' })
    const answer = await client.remove(path)
    expect(answer.status).toBe(204)
    expect(answer.headers['docker-upload-uuid']).toBe(path.split('/').at(-1))
    expectError(await client.remove(path), 404, 'BLOB_UPLOAD_UNKNOWN')
    expectError(await client.get(path), 404, 'BLOB_UPLOAD_UNKNOWN')
  })
})

describe('an upload that is not there', () => {
  const ids = [randomUUID(), 'x', '...', '=', '_', '-', 'x'.repeat(300)]
  it.each(ids)('is unknown to everyone: %s', async (id) => {
    const path = `/v2/a/blobs/uploads/${id}`
    const digest = sha256('never pushed')
    expectError(await client.get(path), 404, 'BLOB_UPLOAD_UNKNOWN')
    expectError(await client.patch(path, { body: 'x' }), 404, 'BLOB_UPLOAD_UNKNOWN')
    expectError(await client.put(`${path}?digest=${digest}`), 404, 'BLOB_UPLOAD_UNKNOWN')
    expectError(await client.remove(path), 404, 'BLOB_UPLOAD_UNKNOWN')
    expect((await client.head(path)).status).toBe(404)
  })

  it('may be there in another repository, which does not help', async () => {
    const path = (await start()).replace('/v2/a/', '/v2/b/')
    expectError(await client.patch(path, { body: 'x' }), 404, 'BLOB_UPLOAD_UNKNOWN')
    expectError(await client.get(path), 404, 'BLOB_UPLOAD_UNKNOWN')
    expectError(await client.remove(path), 404, 'BLOB_UPLOAD_UNKNOWN')
  })
})
