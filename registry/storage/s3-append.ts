/**
 * Adding a stream to an object, which S3 has no request for: what is there becomes the first parts of
 * a new object, copied by the service, and replaces the old one only when all is there. A stream that
 * fits into one part, as most do, is put in one request.
 */
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Bytes, Call } from './driver.ts'
import type { S3Bucket } from './s3-bucket.ts'
import { copyParts } from './s3-copy.ts'
import { absentIfMissing } from './s3-errors.ts'
import { beginMultipart, type Multipart } from './s3-multipart.ts'
import { endingEarly, type Part, sendParts } from './s3-parts.ts'
import { getObject } from './s3-read.ts'

const copiesAtOnce = 16

type Append = Call & { at: number }

/** Answers the new size. A source that breaks off leaves what it gave, unless the service fails too. */
export async function appendTo(
  bucket: S3Bucket,
  path: string,
  source: Bytes,
  { at, signal }: Append,
): Promise<number> {
  signal?.throwIfAborted()
  await expectSize(bucket, path, at)

  // Whole parts are copied; what is left of the old bytes stands before the new ones in the next.
  const kept = at - (at % bucket.partSize)
  const rest = kept < at ? { first: kept, last: at - 1 } : undefined
  const head = (rest && (await getObject(bucket, path, { range: rest }))) ?? Buffer.alloc(0)
  const target = createTarget(bucket, path, kept)
  const { bytes, came } = endingEarly(source, signal)
  try {
    await sendParts(bytes, {
      size: bucket.partSize,
      head,
      // Nothing but what is there already needs no writing.
      send: async (part) => (came.size > 0 ? target.send(part) : undefined),
    })
    if (came.size > 0 || at === 0) await target.finish(at + came.size)
  } catch (error) {
    await target.abort()
    throw error
  }
  if (came.reason) throw came.reason.error
  return at + came.size
}

/** One request for what is a single part, and an upload in parts, begun when needed, for all else. */
function createTarget(bucket: S3Bucket, path: string, kept: number) {
  let parts: ReturnType<typeof begin> | undefined
  let isDone = false

  async function begin(): Promise<{ target: Multipart; before: number }> {
    const target = await beginMultipart(bucket, path)
    const copy = { from: path, size: kept, partSize: bucket.partSize, atOnce: copiesAtOnce }
    try {
      return { target, before: await copyParts(target, copy) }
    } catch (error) {
      await target.abort()
      throw error
    }
  }

  async function put(bytes: Uint8Array): Promise<void> {
    const input = { ...bucket.at(path), ...bucket.writing, Body: bytes }
    await bucket.slow.send(new PutObjectCommand(input))
    isDone = true
  }

  return {
    async send({ index, bytes, isLast }: Part): Promise<void> {
      if (isLast && index === 0 && kept === 0) return put(bytes)
      parts ??= begin()
      const { target, before } = await parts
      await target.send(before + index + 1, bytes)
    },
    async finish(size: number): Promise<void> {
      if (parts) await (await parts).target.complete(size)
      else if (!isDone) await put(new Uint8Array())
    },
    async abort(): Promise<void> {
      const begun = await parts?.catch(() => undefined)
      await begun?.target.abort()
    },
  }
}

async function expectSize(bucket: S3Bucket, path: string, at: number): Promise<void> {
  const found = await absentIfMissing(bucket.quick.send(new HeadObjectCommand(bucket.at(path))))
  const size = found?.ContentLength ?? 0
  if (size !== at) throw new Error(`${path} has ${size} bytes where ${at} were expected`)
}
