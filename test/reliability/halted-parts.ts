/** The parts of a registry that hold leases, on each kind of storage, with leases that run out soon. */
import { join } from 'node:path'
import { openFileLeases } from '../../registry/leases/files.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import { createRedisLeases } from '../../registry/leases/redis.ts'
import { openRedis, type Redis } from '../../registry/redis/open.ts'
import type { StorageDriver } from '../../registry/storage/driver.ts'
import { createFilesystemDriver } from '../../registry/storage/filesystem/driver.ts'
import { createS3Driver } from '../../registry/storage/s3/driver.ts'
import { s3Options } from '../registry/storage/s3/started.ts'
import { createParts as partsOf, testCarrier } from '../support/parts.ts'

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
export function createParts({ isFar, ...shared }: Shared) {
  return partsOf({ ...shared, carrier: isFar ? testCarrier : undefined })
}
