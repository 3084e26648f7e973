/** Buckets of a real S3 service for the registries of a test file, and a Redis beside them where it is asked for. */
import { randomUUID } from 'node:crypto'
import { openRedis } from '../../../../registry/redis/open.ts'
import { createS3Storage } from '../../../../registry/storage/s3/driver.ts'
import { startCeph } from '../../../support/ceph.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { testCarrier } from '../../../support/parts.ts'
import { useRedis } from '../../../support/redis.ts'
import type { Kept } from '../../../support/storage.ts'
import { makeBucket, s3Options } from './started.ts'

/** Called at the top of a file. Opens a folder of its own in one bucket at each call. */
export function bucketsOf({ withRedis = false } = {}): () => Promise<Kept> {
  const cleanup = useCleanup()
  let service: Promise<string> | undefined
  let redisAddress: ReturnType<typeof startRedis> | undefined
  let db = 0

  return async () => {
    service ??= startService()
    const opened = openFolder(await service)
    if (!withRedis) return opened
    redisAddress ??= startRedis()
    // Repositories of two may have the same names: of the sixteen databases each takes the next.
    const redis = await openRedis({ addresses: [await redisAddress], db: db++ % 16 })
    cleanup.add(redis.close)
    return { ...opened, redis }
  }

  async function startService(): Promise<string> {
    const { endpoint } = await startCeph(cleanup)
    await makeBucket(endpoint)
    return endpoint
  }

  async function startRedis() {
    const { address } = await useRedis(cleanup)
    return address
  }
}

function openFolder(endpoint: string): Kept {
  const options = s3Options(endpoint, { rootdirectory: randomUUID() })
  const { driver, placing } = createS3Storage(options)
  return { storage: driver, bucket: { placing, carrier: testCarrier } }
}
