/** Imported first: makes a real S3 service the storage of all registries that the same file starts. */
import { randomUUID } from 'node:crypto'
import { beforeAll } from '@jest/globals'
import type { StorageDriver } from '../../../../registry/storage/driver.ts'
import { createS3Driver } from '../../../../registry/storage/s3/driver.ts'
import { startCeph } from '../../../support/ceph.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { makeBucket, s3Options } from './started.ts'

const cleanup = useCleanup()

beforeAll(async () => {
  const { endpoint } = await startCeph(cleanup)
  await makeBucket(endpoint)
  // Bytes come through the registry, as they do from a folder.
  const open = (): StorageDriver => ({
    ...createS3Driver(s3Options(endpoint, { rootdirectory: randomUUID() })),
    url: undefined,
  })
  Object.assign(globalThis, { openStandardStorage: open })
})
