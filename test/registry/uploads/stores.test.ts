/** Both stores of uploads, each with every way to keep states, on a real folder, Redis and S3 service. */
import { openRedis } from '../../../registry/redis/open.ts'
import { createFilesystemDriver } from '../../../registry/storage/filesystem/driver.ts'
import { uploadStoreContract } from '../../contract/upload-store.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { describeWith } from '../../support/programs.ts'
import { useRedis } from '../../support/redis.ts'
import { bucketsOf } from '../storage/s3/standard.ts'
import { s3Options } from '../storage/s3/started.ts'

const cleanup = useCleanup()
const openFolder = async () => {
  const storage = createFilesystemDriver({ root: await cleanup.folder() })
  return { storage }
}
uploadStoreContract('in a folder', openFolder, 100)

describeWith(['redis-server'], 'beside a Redis', () => {
  let server: ReturnType<typeof useRedis> | undefined
  uploadStoreContract(
    'in a folder',
    async () => {
      server ??= useRedis(cleanup)
      const redis = await openRedis({ addresses: [(await server).address] })
      cleanup.add(redis.close)
      return { ...(await openFolder()), redis }
    },
    100,
  )
})

describeWith(['redis-server', 'radosgw'], 'on an S3 service', () => {
  const openBeside = bucketsOf({ withRedis: true })
  const openAlone = async () => {
    const { redis: _, ...alone } = await openBeside()
    return alone
  }
  const part = s3Options('').chunksize
  uploadStoreContract('in a bucket', openAlone, part)
  uploadStoreContract('in a bucket beside a Redis', openBeside, part)
})
