/** Copying within the bucket, without the bytes coming here: in one step, or in parts side by side. */
import { CopyObjectCommand } from '@aws-sdk/client-s3'
import { fewAtOnce } from '../../../pace/few-at-once.ts'
import type { Call } from '../../driver.ts'
import type { S3Bucket } from '../bucket.ts'
import { isTooLarge } from '../errors.ts'
import { underFence } from '../wire/fence.ts'
import { beginMultipart, type Multipart } from './multipart.ts'

const mostParts = 10_000

type Copy = Call & { from: string; to: string; size: number }

export async function copyObject(bucket: S3Bucket, copy: Copy): Promise<void> {
  const { threshold, areByReference } = bucket.copies
  if (copy.size <= threshold) return copyAtOnce(bucket, copy)
  if (!areByReference()) return copyInParts(bucket, copy)
  try {
    await copyAtOnce(bucket, copy)
  } catch (error) {
    if (!isTooLarge(error)) throw error
    await copyInParts(bucket, copy)
  }
}

async function copyAtOnce(bucket: S3Bucket, { from, to, signal, fence }: Copy): Promise<void> {
  const command = new CopyObjectCommand({
    ...bucket.at(to),
    ...bucket.writing,
    CopySource: bucket.source(from),
  })
  await bucket.slow.send(underFence(command, fence), { abortSignal: signal })
}

async function copyInParts(
  bucket: S3Bucket,
  { from, to, size, signal, fence }: Copy,
): Promise<void> {
  signal?.throwIfAborted()
  const partSize = Math.max(bucket.copies.partSize, Math.ceil(size / mostParts))
  const target = await beginMultipart(bucket, to)
  try {
    await copyParts(target, { from, size, partSize, atOnce: bucket.copies.atOnce, signal })
    signal?.throwIfAborted()
    await target.complete(size, fence)
  } catch (error) {
    await target.abort()
    throw error
  }
}

type Parts = Call & { from: string; size: number; partSize: number; atOnce: number }

/** The first `size` bytes of `from` become the first parts of `target`; answers how many. */
export async function copyParts(target: Multipart, parts: Parts): Promise<number> {
  const { from, size, partSize, atOnce, signal } = parts
  const copy = async (index: number) => {
    signal?.throwIfAborted()
    const first = index * partSize
    const last = Math.min(first + partSize, size) - 1
    await target.copy(index + 1, from, { first, last })
  }
  const count = Math.ceil(size / partSize)
  await Array.fromAsync(fewAtOnce(Array(count).keys(), copy, atOnce))
  return count
}
