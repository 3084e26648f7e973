/** Imported first: a bucket for all registries that the same file starts, and a Redis beside it. */
import './standard.ts'
import { beforeAll } from '@jest/globals'
import { openRedis } from '../../../../registry/redis/open.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { useRedis } from '../../../support/redis.ts'

const cleanup = useCleanup()

beforeAll(async () => {
  const { address } = await useRedis(cleanup)
  let db = 0
  const open = async () => {
    // Repositories of two may have the same names: of the sixteen databases each takes the next.
    const redis = await openRedis({ addresses: [address], db: db++ % 16 })
    cleanup.add(redis.close)
    return { redis, far: { secret: 'a secret of the test' } }
  }
  Object.assign(globalThis, { openStandardRedis: open })
})
