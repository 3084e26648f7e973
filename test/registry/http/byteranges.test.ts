/** How several ranges of a blob are read: one span after the other, and none of it for nothing. */
import { randomBytes } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { byteranges } from '../../../registry/http/byteranges.ts'
import type { ByteRange } from '../../../registry/protocol/range.ts'
import { partsOf } from '../../support/byteranges.ts'

const stored = randomBytes(1_000_000)

/** A storage that counts, in chunks of `chunkSize` that it overwrites as drivers may. */
function open(chunkSize: number, bytes = stored) {
  const asked: ByteRange[] = []
  let [reading, most] = [0, 0]
  async function* chunks({ first, last }: ByteRange) {
    const buffer = Buffer.alloc(chunkSize)
    most = Math.max(most, ++reading)
    try {
      for (let at = first; at <= Math.min(last, bytes.length - 1); at += chunkSize) {
        yield buffer.subarray(0, bytes.copy(buffer, 0, at, Math.min(at + chunkSize, last + 1)))
      }
    } finally {
      reading--
    }
  }
  const read = async (range: ByteRange) => {
    asked.push(range)
    return chunks(range)
  }
  return { read, asked, most: () => most, reading: () => reading }
}

async function answerTo(ranges: ByteRange[], storage: ReturnType<typeof open>) {
  const { type, length, body } = byteranges(ranges, stored.length, 'a/b')
  const sent = await Array.fromAsync(body(storage.read), (chunk) => Buffer.from(chunk))
  const answer = { headers: { 'content-type': type }, body: Buffer.concat(sent) }
  expect(answer.body).toHaveLength(length)
  return partsOf(answer)
}

const every = (step: number, count: number, length = 10) =>
  Array.from({ length: count }, (_, at) => ({ first: at * step, last: at * step + length - 1 }))

describe('several ranges of a blob', () => {
  it.each([1, 7, 64, 65_536, 2_000_000])('are cut out of chunks of %i bytes', async (chunkSize) => {
    const ranges = [
      { first: 3, last: 3 },
      { first: 4, last: 200 },
      { first: 500_000, last: 500_100 },
      { first: 500_101, last: 500_101 },
      { first: 300, last: 400 },
      { first: 999_990, last: 999_999 },
    ]
    const parts = await answerTo(ranges, open(chunkSize))
    expect(parts.map(({ bytes }) => bytes)).toEqual(
      ranges.map(({ first, last }) => stored.subarray(first, last + 1)),
    )
  })

  it('are read at once where they lie close together', async () => {
    const storage = open(65_536)
    expect(await answerTo(every(900, 1024), storage)).toHaveLength(1024)
    expect(storage.asked).toEqual([{ first: 0, last: 1023 * 900 + 9 }])
  })

  it('are read one by one where what lies between would be read for nothing', async () => {
    const storage = open(65_536)
    await answerTo(every(100_000, 10), storage)
    expect(storage.asked).toEqual(every(100_000, 10))
    expect(storage.most()).toBe(1)
  })

  it('are not read on once the client has gone', async () => {
    const storage = open(64)
    const { body } = byteranges(every(100_000, 10, 1000), stored.length, 'a/b')
    for await (const _ of body(storage.read)) if (storage.asked.length === 3) break
    expect(storage.asked).toHaveLength(3)
    expect(storage.reading()).toBe(0)
  })

  it('are broken off where storage has less than it said', async () => {
    const storage = open(64, stored.subarray(0, 250_000))
    await expect(answerTo(every(200_000, 3, 80_000), storage)).rejects.toThrow(
      'storage ended at 250000 where 280000 bytes were expected',
    )
  })
})
