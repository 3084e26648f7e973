/** Parts of a blob, and blobs that a client already has: ranges and conditions (RFC 9110, 13 and 14). */
import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { pushBlob, sha256 } from './support/content.ts'
import { expectError, expectSameHead, useRegistry } from './support/suite.ts'

const client = useRegistry()
const digits = '0123456789'
const digest = sha256(digits)
const path = `/v2/a/blobs/${digest}`
const other = sha256('other')

beforeAll(async () => {
  await pushBlob(client, 'a', digits)
})

describe('a range', () => {
  const parts: [range: string, found: string, contentRange: string][] = [
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=3-3', '3', 'bytes 3-3/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=0-', digits, 'bytes 0-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=-100', digits, 'bytes 0-9/10'],
    ['bytes=5-100', '56789', 'bytes 5-9/10'],
  ]
  it.each(parts)('%s gives that part', async (range, found, contentRange) => {
    const headers = { Range: range }
    const answer = await client.get(path, { headers })
    expect(answer.status).toBe(206)
    expect(answer.text).toBe(found)
    expect(answer.headers).toMatchObject({
      'content-range': contentRange,
      'content-length': String(found.length),
      'docker-content-digest': digest,
      'accept-ranges': 'bytes',
    })
    expectSameHead(await client.head(path, { headers }), answer)
  })

  it.each(['bytes=5-4', 'bytes=x', 'lines=0-1', 'bytes', 'bytes=-'])(
    '%s is ignored, and all of it sent',
    async (range) => {
      const answer = await client.get(path, { headers: { Range: range } })
      expect(answer.status).toBe(200)
      expect(answer.text).toBe(digits)
      expect(answer.headers).not.toHaveProperty('content-range')
    },
  )

  it.each(['bytes=10-', 'bytes=10-20', 'bytes=-0', 'bytes=99999999999999999999-'])(
    '%s lies outside, which no cache may remember',
    async (range) => {
      const answer = await client.get(path, { headers: { Range: range } })
      expectError(answer, 416, 'RANGE_INVALID')
      expect(answer.headers['content-range']).toBe('bytes */10')
      expect(answer.headers).not.toHaveProperty('cache-control')
      expect(answer.headers).not.toHaveProperty('etag')
    },
  )

  it('of a large blob crosses whatever pieces it is read in', async () => {
    const bytes = randomBytes(3_000_000)
    const large = await pushBlob(client, 'a', bytes)
    for (const [first, last] of [
      [524_287, 524_288],
      [1, 2_999_998],
      [1_048_570, 2_097_160],
    ]) {
      const headers = { Range: `bytes=${first}-${last}` }
      const { body } = await client.get(`/v2/a/blobs/${large}`, { headers })
      expect(body.equals(bytes.subarray(first, (last ?? 0) + 1))).toBe(true)
    }
  })
})

describe('a condition', () => {
  const known = [`"${digest}"`, digest, `W/"${digest}"`, `"x", "${digest}"`, '*', `"x",${digest}`]
  it.each(known)('If-None-Match: %s sends nothing again', async (header) => {
    const headers = { 'If-None-Match': header }
    const answer = await client.get(path, { headers })
    expect(answer.status).toBe(304)
    expect(answer.body).toHaveLength(0)
    expect(answer.headers.etag).toBe(`"${digest}"`)
    expect((await client.head(path, { headers })).status).toBe(304)
  })

  it.each([`"${other}"`, '""', 'x', `"${digest}x"`])(
    'If-None-Match: %s sends it',
    async (header) => {
      const answer = await client.get(path, { headers: { 'If-None-Match': header } })
      expect(answer.status).toBe(200)
      expect(answer.text).toBe(digits)
    },
  )

  it('If-Match lets through who means this blob, and nobody else', async () => {
    const matching = await client.get(path, { headers: { 'If-Match': `"${digest}"` } })
    expect(matching.status).toBe(200)
    const missing = await client.get(path, { headers: { 'If-Match': `"${other}"` } })
    expectError(missing, 412, 'UNSUPPORTED')
    expect(missing.headers).not.toHaveProperty('cache-control')
  })

  it('If-Range gives the part of this blob, and the whole instead of another', async () => {
    const range = { Range: 'bytes=2-4' }
    const same = await client.get(path, { headers: { ...range, 'If-Range': `"${digest}"` } })
    expect([same.status, same.text]).toEqual([206, '234'])
    const changed = await client.get(path, { headers: { ...range, 'If-Range': `"${other}"` } })
    expect([changed.status, changed.text]).toEqual([200, digits])
    const dated = { ...range, 'If-Range': 'Sat, 21 Nov 2026 00:00:00 GMT' }
    expect((await client.get(path, { headers: dated })).status).toBe(200)
  })

  it('about a blob that is not there does not hide that', async () => {
    const headers = { 'If-None-Match': '*' }
    expectError(await client.get(`/v2/a/blobs/${other}`, { headers }), 404, 'BLOB_UNKNOWN')
  })
})
