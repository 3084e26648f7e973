/** Several parts of a blob in one answer, which lazy and partial pulls ask for (RFC 9110, 14.6). */
import { randomBytes } from 'node:crypto'
import { beforeAll, expect, it } from '@jest/globals'
import { partsOf } from '../support/byteranges.ts'
import { pushBlob, sha256 } from './support/content.ts'
import { expectError, useRegistry } from './support/suite.ts'

const client = useRegistry()
const digits = '0123456789'
const digest = sha256(digits)
const path = `/v2/a/blobs/${digest}`

beforeAll(async () => {
  await pushBlob(client, 'a', digits)
})

const ask = (range: string, headers = {}) =>
  client.get(path, { headers: { Range: range, ...headers } })

const several: [range: string, parts: [found: string, contentRange: string][]][] = [
  [
    'bytes=0-3,6-7',
    [
      ['0123', 'bytes 0-3/10'],
      ['67', 'bytes 6-7/10'],
    ],
  ],
  [
    'bytes=-1, 0-0,,\t4-5,',
    [
      ['9', 'bytes 9-9/10'],
      ['0', 'bytes 0-0/10'],
      ['45', 'bytes 4-5/10'],
    ],
  ],
  [
    'bytes=0-1,2-3',
    [
      ['01', 'bytes 0-1/10'],
      ['23', 'bytes 2-3/10'],
    ],
  ],
  [
    'bytes=8-,0-4,3-5,100-',
    [
      ['89', 'bytes 8-9/10'],
      ['012345', 'bytes 0-5/10'],
    ],
  ],
]
it.each(several)('%s are parts, each with its place', async (range, parts) => {
  const answer = await ask(range)
  expect(answer.status).toBe(206)
  expect(partsOf(answer)).toEqual(
    parts.map(([found, contentRange]) => ({
      type: 'application/octet-stream',
      contentRange,
      bytes: Buffer.from(found),
    })),
  )
  expect(answer.headers).toMatchObject({
    'content-length': String(answer.body.length),
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    etag: `"${digest}"`,
    'cache-control': 'max-age=31536000',
  })
  expect(answer.headers).not.toHaveProperty('content-range')
  expect(answer.headers).not.toHaveProperty('transfer-encoding')
})

it('HEAD says what GET would, without the parts', async () => {
  const headers = { Range: 'bytes=0-3,6-7' }
  const [head, get] = [await client.head(path, { headers }), await client.get(path, { headers })]
  expect(head.status).toBe(206)
  expect(head.headers['content-length']).toBe(String(get.body.length))
  expect(head.headers['content-type']).toMatch(/^multipart\/byteranges; boundary=/)
  expect(head.body).toHaveLength(0)
})

it.each(['bytes=0-3,', 'bytes=,0-3', 'bytes=0-1,1-3', 'bytes=0-3,10-', 'bytes=0-3,1-2'])(
  '%s is one part, and sent as such',
  async (range) => {
    const { status, headers, text } = await ask(range)
    expect([status, text, headers['content-range']]).toEqual([206, '0123', 'bytes 0-3/10'])
    expect(headers['content-type']).toBe('application/octet-stream')
  },
)

it.each(['bytes=0-1,x', 'bytes=0-1,5-4', 'bytes=,', 'bytes=0-1;3-4', 'lines=0-1,3-4'])(
  '%s is ignored, and all of it sent',
  async (range) => {
    const { status, text } = await ask(range)
    expect([status, text]).toEqual([200, digits])
  },
)

it('those that all lie outside are refused as one is', async () => {
  const answer = await ask('bytes=10-,20-30,-0')
  expectError(answer, 416, 'RANGE_INVALID')
  expect(answer.headers['content-range']).toBe('bytes */10')
  expect(answer.headers).not.toHaveProperty('etag')
})

it('a condition is looked at before them', async () => {
  const same = await ask('bytes=0-0,2-2', { 'If-Range': `"${digest}"` })
  expect(partsOf(same)).toHaveLength(2)
  const changed = await ask('bytes=0-0,2-2', { 'If-Range': `"${sha256('other')}"` })
  expect([changed.status, changed.text]).toEqual([200, digits])
  expect((await ask('bytes=0-0,2-2', { 'If-None-Match': `"${digest}"` })).status).toBe(304)
})

it('no two answers are parted by the same line', async () => {
  const [one, other] = [await ask('bytes=0-0,2-2'), await ask('bytes=0-0,2-2')]
  expect(one.headers['content-type']).not.toBe(other.headers['content-type'])
})

it('1,024 of a large blob come in any order; more are refused with what clients fall back on', async () => {
  const bytes = randomBytes(3_000_000)
  const large = `/v2/a/blobs/${await pushBlob(client, 'a', bytes)}`
  // Some lie close together and some far apart; the last of them are the first ones of the blob.
  const ranges = Array.from({ length: 1024 }, (_, index) => {
    const first = ((index + 100) % 1024) * 2900 + (index % 7)
    return { first, last: first + ((index * 31) % 2800) }
  })
  const headerOf = (some: typeof ranges) =>
    `bytes=${some.map(({ first, last }) => `${first}-${last}`).join(',')}`

  const answer = await client.get(large, { headers: { Range: headerOf(ranges) } })
  const parts = partsOf(answer)
  expect(parts).toHaveLength(1024)
  for (const [index, { first, last }] of ranges.entries()) {
    expect(parts[index]?.contentRange).toBe(`bytes ${first}-${last}/3000000`)
    expect(parts[index]?.bytes.equals(bytes.subarray(first, last + 1))).toBe(true)
  }

  const more = [...ranges, { first: 0, last: 0 }]
  const refused = await client.get(large, { headers: { Range: headerOf(more) } })
  const [detail] = expectError(refused, 400, 'RANGE_INVALID')
  expect(detail).toEqual({ found: 1025, allowed: 1024 })
  expect(refused.headers).not.toHaveProperty('cache-control')
})
