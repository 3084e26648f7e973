/**
 * Several ranges of a blob in one answer, as multipart/byteranges (RFC 9110, 14.6): one part a range,
 * in their order, and a length that is known before any of it is read.
 */
import { randomBytes } from 'node:crypto'
import type { ByteRange } from '../protocol/range.ts'
import type { Bytes } from '../storage/driver.ts'

/** To read so much for nothing costs less than to ask storage once more. */
const smallGap = 64 * 1024

type Part = ByteRange & { head: Buffer }
type Read = (range: ByteRange) => Promise<Bytes>

export function byteranges(ranges: readonly ByteRange[], size: number, type: string) {
  // Nobody can have stored it in the blob itself.
  const boundary = randomBytes(24).toString('hex')
  const parts = ranges.map(({ first, last }, index) => {
    const lines = [
      `${index === 0 ? '' : '\r\n'}--${boundary}`,
      `Content-Type: ${type}`,
      `Content-Range: bytes ${first}-${last}/${size}`,
    ]
    return { first, last, head: Buffer.from(`${lines.join('\r\n')}\r\n\r\n`) }
  })
  const end = Buffer.from(`\r\n--${boundary}--\r\n`)
  const lengths = parts.map(({ first, last, head }) => head.length + last - first + 1)
  return {
    type: `multipart/byteranges; boundary=${boundary}`,
    length: lengths.reduce((sum, length) => sum + length, end.length),
    /** Reads one span after the other. Nothing has left when the first of them rejects. */
    async *body(read: Read): Bytes {
      for (const span of spansOf(parts)) yield* readSpan(span, read)
      yield end
    },
  }
}

/** Parts that follow each other closely are read as one. */
function spansOf(parts: readonly Part[]): Part[][] {
  const spans: Part[][] = []
  for (const part of parts) {
    const span = spans.at(-1)
    const gap = part.first - (span?.at(-1)?.last ?? Number.POSITIVE_INFINITY)
    if (span && gap > 0 && gap <= smallGap) span.push(part)
    else spans.push([part])
  }
  return spans
}

async function* readSpan(parts: readonly Part[], read: Read): Bytes {
  const range = { first: parts[0]?.first ?? 0, last: parts.at(-1)?.last ?? 0 }
  let at = range.first
  for await (const chunk of await read(range)) {
    const end = at + chunk.length
    for (const { first, last, head } of parts.filter((it) => it.first < end && it.last >= at)) {
      if (first >= at) yield head
      yield chunk.subarray(Math.max(first - at, 0), last + 1 - at)
    }
    at = end
  }
  if (at > range.last) return
  throw new Error(`storage ended at ${at} where ${range.last + 1} bytes were expected`)
}
