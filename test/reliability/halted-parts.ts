/** The parts of a registry that hold leases, on each kind of storage, with leases that run out soon. */
import { join } from 'node:path'
import { createBlobs } from '../../registry/content/blobs.ts'
import { createDescriptions } from '../../registry/content/descriptions.ts'
import { createLinks } from '../../registry/content/links.ts'
import { createManifests } from '../../registry/content/manifests.ts'
import { createTags } from '../../registry/content/tags.ts'
import { openFileLeases } from '../../registry/leases/files.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import { createRedisLeases } from '../../registry/leases/redis.ts'
import { openRedis, type Redis } from '../../registry/redis/open.ts'
import type { StorageDriver } from '../../registry/storage/driver.ts'
import { createFilesystemDriver } from '../../registry/storage/filesystem/driver.ts'
import { createS3Driver } from '../../registry/storage/s3/driver.ts'
import { createCarrier } from '../../registry/uploads/carried.ts'
import { createUploads } from '../../registry/uploads/session.ts'
import { createCarriedStates } from '../../registry/uploads/state-carried.ts'
import { createUploadStateFiles } from '../../registry/uploads/state-files.ts'
import { createUploadStateRedis } from '../../registry/uploads/state-redis.ts'
import { s3Options } from '../registry/storage/s3/started.ts'

/** A folder or a bucket, and perhaps a Redis. */
export type Place = { root?: string; endpoint?: string; redisPort?: number }
export type Parts = ReturnType<typeof createParts>

type Shared = { storage: StorageDriver; leases: Leases; redis: Redis | undefined; isFar: boolean }

const heartbeat = 1_000
const ttl = 5_000

export async function openShared({ root, endpoint, redisPort }: Place, longest?: number) {
  const storage =
    root === undefined
      ? createS3Driver(s3Options(endpoint ?? ''))
      : createFilesystemDriver({ root })
  const addresses = [{ host: '127.0.0.1', port: redisPort ?? 0 }]
  const redis = redisPort === undefined ? undefined : await openRedis({ addresses })
  const times = longest === undefined ? { heartbeat } : { heartbeat, longest }
  const files =
    root === undefined
      ? undefined
      : await openFileLeases(join(root, 'kura/leases'), { ...times, root })
  const leases = redis ? createRedisLeases({ redis, fallback: files, ttl }) : files
  if (!leases) throw new Error('a bucket needs a Redis')
  return {
    shared: { storage, leases, redis, isFar: root === undefined } satisfies Shared,
    async close() {
      await leases.close()
      await redis?.close()
      await storage.close()
    },
  }
}

/** `storage` may be one that stops the process. */
export function createParts({ storage, leases, redis, isFar }: Shared) {
  const links = createLinks(storage, () => {})
  const blobs = createBlobs(storage, links)
  const tags = createTags(storage, links)
  const descriptions = createDescriptions()
  const manifests = createManifests({ storage, links, tags, leases, descriptions })
  const files = createUploadStateFiles(storage)
  const carrier = createCarrier('a secret of the test')
  const far = redis && isFar ? createCarriedStates({ redis, files, carrier }) : undefined
  const states = far ?? (redis ? createUploadStateRedis({ redis, files }) : files)
  const uploads = createUploads({ storage, blobs, states, leases })
  return { blobs, tags, manifests, uploads }
}
