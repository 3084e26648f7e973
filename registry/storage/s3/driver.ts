/**
 * Storage in a bucket of Amazon S3 or of a service that speaks like it. Nothing is kept in the process
 * but connections, so any process of any node may take any step.
 */
import type { Call, FindUrl, StorageDriver } from '../driver.ts'
import type { Placing } from '../placing.ts'
import { createBucket, type S3Bucket } from './bucket.ts'
import { createConditions } from './conditions.ts'
import { absentIfMissing } from './errors.ts'
import { appendTo } from './objects/append.ts'
import { copyObject } from './objects/copy.ts'
import { listFolder } from './objects/list.ts'
import { placeObject, putStream } from './objects/place.ts'
import { createUrls, type UrlOptions } from './objects/presign.ts'
import { getObject, getVersioned, openObject, readObject } from './objects/read.ts'
import { removeAll, removeOne, removeUnfinished } from './objects/remove.ts'
import type { Report, S3Options } from './options.ts'

export type S3Storage = {
  driver: StorageDriver
  placing: Placing
  findUrl: FindUrl
  /**
   * Gives back the room of values in parts that were begun before `before` and that a crash has cut
   * off; answers how many. Nothing else shows them.
   */
  removeUnfinished(before: Date, call?: Call): Promise<number>
}

export function createS3Storage(
  options: S3Options & UrlOptions,
  report: Report = () => {},
): S3Storage {
  const bucket = createBucket(options, report)
  const urls = createUrls(options, bucket)
  return {
    driver: createDriver(bucket, urls),
    findUrl: urls.sign,
    placing: {
      place: (draft, source, call) => placeObject(bucket, draft, source, call),
      putStream: (path, source, call) => putStream(bucket, path, source, call),
    },
    removeUnfinished: (before, call = {}) => removeUnfinished(bucket, before, call),
  }
}

function createDriver(bucket: S3Bucket, urls: ReturnType<typeof createUrls>): StorageDriver {
  const conditions = createConditions(bucket)

  return {
    async stat(path, { signal } = {}) {
      const asked = bucket.send.quick('HeadObject', { key: bucket.key(path), signal })
      const found = (await absentIfMissing(asked))?.headers
      if (!found) return undefined
      const { 'content-length': size = 0, 'last-modified': changed = 0 } = found
      return { size: Number(size), changedAt: new Date(changed) }
    },

    get: (path, call = {}) => getObject(bucket, path, call),

    read: (path, call = {}) => readObject(bucket, path, call),

    open: (path, call = {}) => openObject(bucket, path, call),

    async put(path, value, { signal, fence } = {}) {
      await bucket.send.quick('PutObject', { key: bucket.key(path), body: value, signal, fence })
    },

    getVersioned: (path, call = {}) => getVersioned(bucket, path, call),

    replace: conditions.replace,

    removeVersion: conditions.removeVersion,

    append: (path, source, call) => appendTo(bucket, path, source, call),

    async move(from, to, call = {}) {
      const found = await this.stat(from, call)
      if (!found) throw new Error(`there is no value at ${from}`)
      await copyObject(bucket, { ...call, from, to, size: found.size })
      await removeOne(bucket, bucket.key(from), call)
    },

    list: (folder, call = {}) => listFolder(bucket, folder, call),

    remove: (path, call = {}) => removeAll(bucket, path, call),

    // No object is ever open for writing.
    async detach() {},

    async close() {
      urls.close()
      bucket.close()
    },
  }
}
