/** The parts of a registry that hold leases, on each kind of storage, with leases that run out soon. */
import { join } from 'node:path'
import { openFileLeases } from '../../registry/leases/files.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import { createRedisLeases } from '../../registry/leases/redis.ts'
import { openRedis, type Redis } from '../../registry/redis/open.ts'
import type { StorageDriver } from '../../registry/storage/driver.ts'
import { createFilesystemDriver } from '../../registry/storage/filesystem/driver.ts'
import type { Placing } from '../../registry/storage/placing.ts'
import { createS3Storage } from '../../registry/storage/s3/driver.ts'
import { s3Options } from '../registry/storage/s3/started.ts'
import { createParts as partsOf, testCarrier } from '../support/parts.ts'

/** A folder or a bucket, and perhaps a Redis. */
export type Place = { root?: string; endpoint?: string; redisPort?: number }
export type Parts = ReturnType<typeof createParts>

type Opened = { driver: StorageDriver; placing?: Placing }
type Shared = Opened & { leases: Leases; redis: Redis | undefined }

const heartbeat = 1_000
const ttl = 5_000

export async function openShared({ root, endpoint, redisPort }: Place, longest?: number) {
  const opened: Opened =
    root === undefined
      ? createS3Storage(s3Options(endpoint ?? ''))
      : { driver: createFilesystemDriver({ root }) }
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
    shared: { ...opened, leases, redis } satisfies Shared,
    async close() {
      await leases.close()
      await redis?.close()
      await opened.driver.close()
    },
  }
}

/** `driver` and `placing` may be such that stop the process. */
export function createParts({ driver: storage, placing, ...shared }: Shared) {
  return partsOf({ ...shared, storage, bucket: placing && { placing, carrier: testCarrier } })
}
