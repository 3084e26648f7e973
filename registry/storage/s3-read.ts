/**
 * Reading an object. Its body holds a connection until it is read or destroyed, so it is destroyed on
 * every way out; and a connection that breaks in the middle is replaced by one for the rest.
 */
import type { Readable } from 'node:stream'
import { GetObjectCommand } from '@aws-sdk/client-s3'
import type { Bytes, ReadCall } from './driver.ts'
import type { S3Bucket } from './s3-bucket.ts'
import { absentIfMissing, asStorageError, isUnavailable } from './s3-errors.ts'

/** How often in a row a body may break off without a byte in between. */
const mostBreaks = 5

type Body = { stream: Readable; etag: string | undefined; length: number }

export async function readObject(
  bucket: S3Bucket,
  path: string,
  { range, signal }: ReadCall,
): Promise<Bytes | undefined> {
  const from = range?.first ?? 0
  const body = await absentIfMissing(open(bucket, path, { range, signal }))
  if (!body) return undefined

  const last = from + body.length - 1
  const again = (first: number) =>
    open(bucket, path, { range: { first, last }, signal, etag: body.etag })
  return bytesOf(watch(body.stream, bucket.limits.stall), { from, last, signal, again })
}

async function open(
  bucket: S3Bucket,
  path: string,
  { range, signal, etag }: ReadCall & { etag?: string | undefined },
): Promise<Body> {
  const wanted = {
    ...bucket.at(path),
    ...(range && { Range: `bytes=${range.first}-${range.last}` }),
    ...(etag && { IfMatch: etag }),
  }
  // Of the time that bytes in bulk may take, the first of them need little.
  const call = { abortSignal: signal, requestTimeout: bucket.limits.answer }
  const answer = await bucket.slow.send(new GetObjectCommand(wanted), call)
  const stream = answer.Body as Readable
  return { stream, etag: answer.ETag, length: answer.ContentLength ?? 0 }
}

type Rest = {
  from: number
  last: number
  signal: ReadCall['signal']
  again: (first: number) => Promise<Body>
}

async function* bytesOf(watched: Watched, { from, last, signal, again }: Rest): Bytes {
  let current = watched
  let position = from
  let breaks = 0
  while (true) {
    try {
      for await (const chunk of current.chunks()) {
        signal?.throwIfAborted()
        position += chunk.length
        breaks = 0
        yield chunk
      }
      return
    } catch (error) {
      signal?.throwIfAborted()
      if (!isUnavailable(error) || ++breaks > mostBreaks || position > last) {
        throw asStorageError(error, 'reading a body')
      }
    } finally {
      current.destroy()
    }
    current = watch((await again(position)).stream, current.stallMs)
  }
}

type Watched = ReturnType<typeof watch>

/**
 * A body that is destroyed when it gives nothing for too long while somebody waits for it, or when
 * nobody ever begins to read it. Whoever reads may be as slow as they like.
 */
function watch(stream: Readable, stallMs: number) {
  let isWaiting = true
  const timer = setTimeout(() => {
    if (!isWaiting) return timer.refresh()
    const error = new Error(`no byte came for ${stallMs} ms`)
    return stream.destroy(Object.assign(error, { name: 'TimeoutError' }))
  }, stallMs)
  timer.unref()
  // Until somebody listens, its failing must not be one of the process.
  stream.on('error', () => {})

  return {
    stallMs,
    async *chunks(): AsyncGenerator<Buffer> {
      timer.refresh()
      for await (const chunk of stream) {
        isWaiting = false
        yield chunk
        isWaiting = true
        timer.refresh()
      }
    },
    destroy() {
      clearTimeout(timer)
      stream.destroy()
    },
  }
}

/** A small object, or a small piece of one, at once. */
export async function getObject(bucket: S3Bucket, path: string, call: ReadCall) {
  const bytes = await readObject(bucket, path, call)
  return bytes && Buffer.concat(await Array.fromAsync(bytes))
}
