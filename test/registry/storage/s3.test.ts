/** The S3 driver on a real service: what every driver must do, with either version of the signature. */
import { randomUUID } from 'node:crypto'
import { beforeAll, describe } from '@jest/globals'
import { createS3Driver } from '../../../registry/storage/s3.ts'
import { storageDriverContract } from '../../contract/storage-driver.ts'
import { placingContract } from '../../contract/storage-placing.ts'
import { type Ceph, startCeph } from '../../support/ceph.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { makeBucket, s3Options } from './s3-bucket.ts'

const cleanup = useCleanup()
let ceph: Ceph
beforeAll(async () => {
  ceph = await startCeph(cleanup)
  await makeBucket(ceph.endpoint)
})

describe.each([true, false])('signing with version 4: %s', (v4auth) => {
  const open = async () =>
    createS3Driver(s3Options(ceph.endpoint, { v4auth, rootdirectory: `/${randomUUID()}` }))
  storageDriverContract('s3', open)
  placingContract('s3', open, s3Options('').chunksize)
})
