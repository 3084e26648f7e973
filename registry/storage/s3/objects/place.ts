/**
 * Streams that become whole objects where they belong, so that nothing has to be copied afterwards:
 * nobody sees an object before all of it is there and has been found right.
 */
import type { Bytes, Call } from '../../driver.ts'
import type { Final, Placed } from '../../placing.ts'
import type { S3Bucket } from '../bucket.ts'
import { endingEarly, sendParts } from './parts.ts'
import { createTarget } from './target.ts'

const nothing = Buffer.alloc(0)

export async function placeObject(
  bucket: S3Bucket,
  draft: string,
  source: Bytes,
  { final, signal, fence }: Call & { final: Final },
): Promise<Placed> {
  signal?.throwIfAborted()
  const { bytes, came } = endingEarly(source, signal)
  const target = createTarget(bucket, draft, {
    fence,
    beforeSinglePut: () => (came.reason ? undefined : final()),
  })
  try {
    await sendParts(bytes, { size: bucket.partSize, head: nothing, send: target.send })
    const path = await target.finish(came.size)
    if (!came.reason) return { path, size: came.size }
  } catch (error) {
    await target.abort()
    throw error
  }
  throw came.reason.error
}

/** Answers the size. */
export async function putStream(
  bucket: S3Bucket,
  path: string,
  source: Bytes,
  { check, signal, fence }: Call & { check: () => void },
): Promise<number> {
  signal?.throwIfAborted()
  const { bytes, came } = endingEarly(source, signal)
  let isChecked = false
  const checkOnce = () => {
    if (came.reason) throw came.reason.error
    if (!isChecked) check()
    isChecked = true
    return undefined
  }
  const target = createTarget(bucket, path, { beforeSinglePut: checkOnce, fence })
  try {
    await sendParts(bytes, { size: bucket.partSize, head: nothing, send: target.send })
    checkOnce()
    await target.finish(came.size)
    return came.size
  } catch (error) {
    await target.abort()
    throw error
  }
}
