/**
 * Counts the bytes of a response's body as they are written. Node counts bytes by connection and
 * with the headers, which says nothing of one response among many. `end` does not call `write`.
 */
import type { ServerResponse } from 'node:http'

type Write = (chunk?: unknown, encoding?: unknown, callback?: unknown) => unknown

/** Answers how much has been written so far. */
export function countWritten(res: ServerResponse): () => number {
  // Node drops the body of an answer to HEAD.
  if (res.req.method === 'HEAD') return () => 0
  let written = 0
  const write = res.write as Write
  const end = res.end as Write

  const counting: Write = (chunk, encoding, callback) => {
    written += sizeOf(chunk, encoding)
    return write.call(res, chunk, encoding, callback)
  }
  const ending: Write = (chunk, encoding, callback) => {
    written += sizeOf(chunk, encoding)
    return end.call(res, chunk, encoding, callback)
  }
  res.write = counting as typeof res.write
  res.end = ending as typeof res.end
  return () => written
}

function sizeOf(chunk: unknown, encoding: unknown): number {
  if (chunk instanceof Uint8Array) return chunk.byteLength
  if (typeof chunk !== 'string') return 0
  return Buffer.byteLength(
    chunk,
    typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8',
  )
}
