/**
 * Storage in a bucket of Amazon S3 or of a service that speaks like it. Nothing is kept in the process
 * but connections, so any process of any node may take any step.
 */
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import type { Call, StorageDriver } from './driver.ts'
import { appendTo } from './s3-append.ts'
import { createBucket } from './s3-bucket.ts'
import { copyObject } from './s3-copy.ts'
import { absentIfMissing, isTaken } from './s3-errors.ts'
import { listFolder } from './s3-list.ts'
import type { Report, S3Options } from './s3-options.ts'
import { getObject, readObject } from './s3-read.ts'
import { removeAll, removeOne, removeUnfinished } from './s3-remove.ts'

export type S3Driver = StorageDriver & {
  /** Whether `putNew` keeps its word at this service; undefined when nobody has tried. */
  conditionalWrites?: boolean
  /** Puts a value where there is none, and answers false where there is one. */
  putNew(path: string, value: Uint8Array, call?: Call): Promise<boolean>
  /**
   * Gives back the room of appends that were begun before `before` and that a crash has cut off;
   * answers how many. Nothing else shows them.
   */
  removeUnfinished(before: Date, call?: Call): Promise<number>
}

export function createS3Driver(options: S3Options, report: Report = () => {}): S3Driver {
  const bucket = createBucket(options, report)

  return {
    name: 's3',

    async stat(path, { signal } = {}) {
      const command = new HeadObjectCommand(bucket.at(path))
      const found = await absentIfMissing(bucket.quick.send(command, { abortSignal: signal }))
      return (
        found && { size: found.ContentLength ?? 0, changedAt: found.LastModified ?? new Date(0) }
      )
    },

    get: (path, call = {}) => getObject(bucket, path, call),

    read: (path, call = {}) => readObject(bucket, path, call),

    async put(path, value, { signal } = {}) {
      const input = { ...bucket.at(path), ...bucket.writing, Body: value }
      await bucket.quick.send(new PutObjectCommand(input), { abortSignal: signal })
    },

    async putNew(path, value, { signal } = {}) {
      const input = { ...bucket.at(path), ...bucket.writing, Body: value, IfNoneMatch: '*' }
      const command = new PutObjectCommand(input)
      const sent = bucket.quick.send(command, { abortSignal: signal })
      return sent.then(
        () => true,
        (error) => {
          if (isTaken(error)) return false
          throw error
        },
      )
    },

    append: (path, source, call) => appendTo(bucket, path, source, call),

    async move(from, to, call = {}) {
      const found = await this.stat(from, call)
      if (!found) throw new Error(`there is no value at ${from}`)
      await copyObject(bucket, { from, to, size: found.size, ...call })
      await removeOne(bucket, bucket.key(from), call)
    },

    list: (folder, call = {}) => listFolder(bucket, folder, call),

    remove: (path, call = {}) => removeAll(bucket, path, call),

    removeUnfinished: (before, call = {}) => removeUnfinished(bucket, before, call),

    async close() {
      bucket.quick.destroy()
      bucket.slow.destroy()
    },
  }
}
