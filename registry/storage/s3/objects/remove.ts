/** Removing: a value, all below a folder, and uploads in parts that nobody will ever complete. */
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3'
import { fewAtOnce } from '../../../pace/few-at-once.ts'
import type { Call } from '../../driver.ts'
import type { S3Bucket } from '../bucket.ts'
import { absentIfMissing } from '../errors.ts'
import { underFence } from '../wire/fence.ts'

const atOnce = 16

type Removal = Call & { only?: readonly string[] }

/** A path is a value or a folder; which of them does not have to be known, nor what is in it. */
export async function removeAll(bucket: S3Bucket, path: string, call: Removal): Promise<void> {
  if (call.only) {
    const keys = call.only.map((name) => bucket.key(`${path}/${name}`))
    await Promise.all(keys.map((key) => removeOne(bucket, key, call)))
    return
  }
  await Promise.all([
    removeOne(bucket, bucket.key(path), call),
    removeBelow(bucket, bucket.prefix(path), call),
  ])
}

export async function removeOne(bucket: S3Bucket, key: string, call: Call): Promise<void> {
  const { signal, fence } = call
  await absentIfMissing(bucket.send.quick('DeleteObject', { key, signal, fence }))
}

async function removeBelow(bucket: S3Bucket, Prefix: string, call: Call): Promise<void> {
  let token: string | undefined
  do {
    const page = await bucket.quick.send(
      new ListObjectsV2Command({
        Bucket: bucket.name,
        Prefix,
        ...(token && { ContinuationToken: token }),
      }),
      { abortSignal: call.signal },
    )
    token = page.IsTruncated ? page.NextContinuationToken : undefined
    const keys = (page.Contents ?? []).flatMap(({ Key }) => Key ?? [])
    if (keys.length > 0) await removeKeys(bucket, keys, call)
  } while (token)
}

/** Not every service knows how to remove many at once, or does it for all of them. */
async function removeKeys(bucket: S3Bucket, keys: string[], call: Call): Promise<void> {
  const left = await removeTogether(bucket, keys, call)
  await Array.fromAsync(fewAtOnce(left, (key) => removeOne(bucket, key, call), atOnce))
}

/** Answers the keys that are still there. */
async function removeTogether(bucket: S3Bucket, keys: string[], { signal, fence }: Call) {
  if (keys.length === 1) return keys
  const Objects = keys.map((Key) => ({ Key }))
  const command = new DeleteObjectsCommand({
    Bucket: bucket.name,
    Delete: { Objects, Quiet: true },
  })
  try {
    const { Errors = [] } = await bucket.quick.send(underFence(command, fence), {
      abortSignal: signal,
    })
    return Errors.flatMap(({ Key }) => Key ?? [])
  } catch (error) {
    signal?.throwIfAborted()
    fence?.check()
    if ((error as { code?: string }).code === 'EUNAVAILABLE') throw error
    return keys
  }
}

/** Ends what was begun before `before` and never completed: nobody sees it, but it takes room. */
export async function removeUnfinished(
  bucket: S3Bucket,
  before: Date,
  call: Call,
): Promise<number> {
  let count = 0
  let marker: Marker | undefined = {}
  while (marker) {
    const { stale, next } = await unfinished(bucket, before, { marker, ...call })
    for (const upload of stale) {
      const command = new AbortMultipartUploadCommand(upload)
      await bucket.quick.send(command, { abortSignal: call.signal })
    }
    count += stale.length
    marker = next
  }
  return count
}

type Marker = { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined }

async function unfinished(
  bucket: S3Bucket,
  before: Date,
  { marker, signal }: Call & { marker: Marker },
) {
  const place = { Bucket: bucket.name, Prefix: bucket.prefix('') }
  const command = new ListMultipartUploadsCommand({ ...place, ...marker })
  const page = await bucket.quick.send(command, { abortSignal: signal })
  const stale = (page.Uploads ?? [])
    .filter(({ Initiated }) => Initiated && Initiated < before)
    .map(({ Key, UploadId }) => ({ Bucket: bucket.name, Key, UploadId }))
  const next = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
  return { stale, next: page.IsTruncated ? next : undefined }
}
