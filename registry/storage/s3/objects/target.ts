/**
 * Where a stream goes: one request for what is a single part, and an upload in parts, begun when it is
 * needed, for all else.
 */
import type { Fence } from '../../driver.ts'
import type { S3Bucket } from '../bucket.ts'
import { copyParts } from './copy.ts'
import { beginMultipart, type Multipart } from './multipart.ts'
import type { Part } from './parts.ts'

const copiesAtOnce = 16

type Options = {
  /** So many bytes of the object that is there stay before the new ones. */
  kept?: number
  /**
   * Called before the put of a stream that is a single part. What it throws ends the stream; a path that it answers
   * is where the object goes, in place of `path`.
   */
  beforeSinglePut?: () => string | undefined
  fence?: Fence | undefined
}

export function createTarget(bucket: S3Bucket, path: string, options: Options = {}) {
  const { kept = 0, beforeSinglePut, fence } = options
  let parts: ReturnType<typeof begin> | undefined
  let at = path
  let isDone = false

  return { send, finish, abort }

  async function send({ index, bytes, isLast }: Part): Promise<void> {
    if (isLast && index === 0 && kept === 0) return put(bytes)
    parts ??= begin()
    const { target, before } = await parts
    await target.send(before + index + 1, bytes)
  }

  /** Answers where the object is. */
  async function finish(size: number): Promise<string> {
    if (parts) await (await parts).target.complete(size, fence)
    else if (!isDone) await put(new Uint8Array())
    return at
  }

  async function abort(): Promise<void> {
    const begun = await parts?.catch(() => undefined)
    await begun?.target.abort()
  }

  async function put(bytes: Uint8Array): Promise<void> {
    at = beforeSinglePut?.() ?? path
    await bucket.send.slow('PutObject', { key: bucket.key(at), body: bytes, fence })
    isDone = true
  }

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
}
