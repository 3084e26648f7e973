/**
 * Adding a stream to an object, which S3 has no request for: what is there becomes the first parts of
 * a new object, copied by the service, and replaces the old one only when all is there. A stream that
 * fits into one part, as most do, is put in one request.
 */
import { HeadObjectCommand } from '@aws-sdk/client-s3'
import type { Bytes, Call } from '../../driver.ts'
import type { S3Bucket } from '../bucket.ts'
import { absentIfMissing } from '../errors.ts'
import { endingEarly, sendParts } from './parts.ts'
import { getObject } from './read.ts'
import { createTarget } from './target.ts'

type Append = Call & { at: number }

/** Answers the new size. A source that breaks off leaves what it gave, unless the service fails too. */
export async function appendTo(
  bucket: S3Bucket,
  path: string,
  source: Bytes,
  { at, signal, fence }: Append,
): Promise<number> {
  signal?.throwIfAborted()
  await expectSize(bucket, path, at)

  // Whole parts are copied; what is left of the old bytes stands before the new ones in the next.
  const kept = at - (at % bucket.partSize)
  const rest = kept < at ? { first: kept, last: at - 1 } : undefined
  const head = (rest && (await getObject(bucket, path, { range: rest }))) ?? Buffer.alloc(0)
  const target = createTarget(bucket, path, { kept, fence })
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

async function expectSize(bucket: S3Bucket, path: string, at: number): Promise<void> {
  const found = await absentIfMissing(bucket.quick.send(new HeadObjectCommand(bucket.at(path))))
  const size = found?.ContentLength ?? 0
  if (size !== at) throw new Error(`${path} has ${size} bytes where ${at} were expected`)
}
