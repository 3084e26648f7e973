/** Upkeep runs once among all processes that share a Redis, and not at all while it is away. */
import { beforeEach, expect, it } from '@jest/globals'
import { createRedisLeases } from '../../../registry/leases/redis.ts'
import { openRedis } from '../../../registry/redis/open.ts'
import { createInmemoryDriver } from '../../../registry/storage/memory.ts'
import type { Upload } from '../../../registry/uploads/record.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { createParts } from '../../support/parts.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, useRedis } from '../../support/redis.ts'

describeWith(['redis-server'], 'purging with leases in Redis', () => {
  const cleanup = useCleanup()
  const storage = createInmemoryDriver()
  let server: RedisServer
  beforeEach(async () => {
    server = await useRedis(cleanup)
  })

  /** A process of its own, but for the memory that stands for the shared storage. */
  async function openNode() {
    const redis = await openRedis({ addresses: [server.address] })
    cleanup.add(redis.close)
    const leases = createRedisLeases({ redis, bridge: 0 })
    const { uploads, purge } = createParts({ storage, leases })
    return { uploads, purge }
  }

  const state = { subject: undefined, algorithm: 'sha256' } as const
  /** The age is negative, so that an upload which began just now counts as abandoned. */
  const rules = { age: -60_000, dryrun: false }
  const { signal } = new AbortController()

  it('removes each upload once, however many are at it', async () => {
    const nodes = await Promise.all([openNode(), openNode(), openNode()])
    const begun: string[] = []
    for (let count = 0; count < 10; count++) {
      begun.push((await nodes[0].uploads.start('team/app', state)).id)
    }
    const gone: string[] = []
    const report = ({ id }: Upload) => void gone.push(id)
    await Promise.all(nodes.map(({ purge }) => purge.run(rules, report, signal)))
    expect(gone.sort()).toEqual(begun.sort())
  })

  it('does nothing while Redis is away, and does not fail', async () => {
    const { uploads, purge } = await openNode()
    await uploads.start('team/app', state)
    await server.destroy()
    const gone: Upload[] = []
    await purge.run(rules, (upload) => gone.push(upload), signal)
    expect(gone).toEqual([])
  })
})
