/** Which store keeps uploads, and where it keeps how far they have come: decided here and nowhere else. */
import type { Blobs } from '../content/blobs.ts'
import type { Redis } from '../redis/open.ts'
import type { StorageDriver } from '../storage/driver.ts'
import type { Placing } from '../storage/placing.ts'
import type { Carrier } from './bucket/signed-state.ts'
import { createCarriedStates } from './bucket/state-carried.ts'
import { createStatesInFiles } from './bucket/states.ts'
import { createBucketStore } from './bucket/store.ts'
import { createUploadStateRedis } from './disk/state-redis.ts'
import { createDiskStore } from './disk/store.ts'
import { createUploadStateFiles } from './state-files.ts'
import type { UploadStore } from './store.ts'

export type BucketParts = {
  placing: Placing
  /** Signs the states that clients carry, where there is a Redis. */
  carrier: Carrier
}

type Parts = {
  storage: StorageDriver
  blobs: Blobs
  redis: Redis | undefined
  bucket: BucketParts | undefined
}

export function createUploadStore({ storage, blobs, redis, bucket }: Parts): UploadStore {
  const files = createUploadStateFiles(storage)
  if (!bucket) {
    const states = redis ? createUploadStateRedis({ redis, files }) : files
    return createDiskStore({ storage, blobs, states })
  }
  const states = redis
    ? createCarriedStates({ redis, files, carrier: bucket.carrier })
    : createStatesInFiles(files)
  return createBucketStore({ storage, placing: bucket.placing, blobs, states })
}
