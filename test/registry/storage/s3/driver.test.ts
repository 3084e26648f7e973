/** The S3 driver on a real service: what every driver must do, with either version of the signature. */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe } from '@jest/globals'
import { createS3Storage } from '../../../../registry/storage/s3/driver.ts'
import { lateTags } from '../../../contract/late-tags.ts'
import { storageDriverContract } from '../../../contract/storage-driver.ts'
import { placingContract } from '../../../contract/storage-placing.ts'
import { startCeph } from '../../../support/ceph.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { type FaultyService, startFaultyService } from './faults.ts'
import { makeBucket, s3Options } from './started.ts'

const cleanup = useCleanup()
let service: FaultyService
beforeAll(async () => {
  const ceph = await startCeph(cleanup)
  await makeBucket(ceph.endpoint)
  // What is removed with `If-Match`, this Ceph removes whatever it is.
  service = await startFaultyService(cleanup, { ...ceph, hasBoundRemovals: true })
})

describe.each([true, false])('signing with version 4: %s', (v4auth) => {
  const openStorage = async () =>
    createS3Storage(s3Options(service.endpoint, { v4auth, rootdirectory: `/${randomUUID()}` }))
  const open = async () => (await openStorage()).driver
  storageDriverContract('s3', open)
  placingContract('s3', openStorage, s3Options('').chunksize)
  lateTags('s3', open, { isBucket: true })
})
