/**
 * Reading an object. Its body holds a connection until it is read or destroyed, so it is destroyed on
 * every way out; and a connection that breaks in the middle is replaced by one for the rest.
 */
import type { IncomingMessage } from 'node:http'
import type { Bytes, Opened, ReadCall, Version, Versioned } from '../../driver.ts'
import type { S3Bucket } from '../bucket.ts'
import { absentIfMissing, asStorageError, isUnavailable } from '../errors.ts'
import { type Body, watchBody } from '../wire/body.ts'

/** How often in a row a body may break off without a byte in between. */
const mostBreaks = 5

type Call = ReadCall & { etag?: string | undefined }

export async function openObject(
  bucket: S3Bucket,
  path: string,
  { range, signal }: ReadCall,
): Promise<(Opened & { version: Version }) | undefined> {
  const from = range?.first ?? 0
  const answer = await absentIfMissing(open(bucket, path, { range, signal }))
  if (!answer) return undefined

  const { etag, 'last-modified': changed = 0 } = answer.headers
  const length = lengthOf(answer)
  // Without a length nobody can say what the rest would be.
  const last = from + (length ?? 0) - 1
  const { stall: stallMs } = bucket.limits
  const again = async (first: number) => {
    const rest = await open(bucket, path, { range: { first, last }, signal, etag })
    const missing = last - first + 1
    if (lengthOf(rest) === missing) return watchBody(rest, { length: missing, stallMs })
    rest.destroy()
    throw new Error(`the S3 service sent ${lengthOf(rest)} bytes where ${missing} were asked for`)
  }
  const body = watchBody(answer, { length, stallMs })
  return {
    size: length ?? 0,
    version: etag ?? '',
    changedAt: new Date(changed),
    bytes: bytesOf(body, { from, last, signal, again }),
    giveUp: body.destroy,
  }
}

export async function readObject(bucket: S3Bucket, path: string, call: ReadCall) {
  return (await openObject(bucket, path, call))?.bytes
}

function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length']
  return length === undefined ? undefined : Number(length)
}

function open(bucket: S3Bucket, path: string, { range, signal, etag }: Call) {
  const headers = {
    ...(range && { range: `bytes=${range.first}-${range.last}` }),
    ...(etag && { 'if-match': etag }),
  }
  // Of the time that bytes in bulk may take, the first of them need little.
  const answerMs = bucket.limits.answer
  return bucket.send.reading('GetObject', { key: bucket.key(path), headers, signal, answerMs })
}

type Rest = {
  from: number
  last: number
  signal: ReadCall['signal']
  again: (first: number) => Promise<Body>
}

async function* bytesOf(body: Body, { from, last, signal, again }: Rest): Bytes {
  let current = body
  let position = from
  let breaks = 0
  while (true) {
    try {
      for (let chunk = await current.next(); chunk; chunk = await current.next()) {
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
    current = await again(position)
  }
}

/** A small object, or a small piece of one, at once. */
export async function getObject(bucket: S3Bucket, path: string, call: ReadCall) {
  return (await getVersioned(bucket, path, call))?.bytes
}

export async function getVersioned(
  bucket: S3Bucket,
  path: string,
  call: ReadCall,
): Promise<Versioned | undefined> {
  const found = await openObject(bucket, path, call)
  if (!found) return undefined
  // A chunk is good only until the next one is asked for.
  const chunks = await Array.fromAsync(found.bytes, (chunk) => Buffer.from(chunk))
  return { bytes: Buffer.concat(chunks), version: found.version }
}
