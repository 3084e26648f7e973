/**
 * Many nodes on one folder, with Redis: they are as one, and when Redis fails the folder is enough, so that
 * nobody notices.
 */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type Cluster, onFolder, startCluster, withRedis } from '../support/cluster.ts'
import { digestOf } from '../support/image.ts'
import { inLength } from '../support/length.ts'
import { describeWith } from '../support/programs.ts'
import { type RedisServer, useRedis } from '../support/redis.ts'
import { finishUpload } from '../support/upload.ts'
import { manyNodesContract } from './contract/many-nodes.ts'
import { programs } from './contract/programs.ts'
import { outages, prepare } from './support/outages.ts'
import { findLosses, startWork } from './support/work.ts'

const [clients, flushes] = inLength({ short: [3, 5], long: [6, 50] })
const sizes = [200, 30_000, 300_000, 2_000_000]

describeWith(['haproxy', 'redis-server', 'linux'], 'for nodes that share a folder', () => {
  const cleanup = useCleanup()
  let redis: RedisServer
  let cluster: Cluster

  beforeAll(async () => {
    redis = await useRedis(cleanup)
    const folder = await cleanup.folder()
    cluster = await startCluster(cleanup, { ...onFolder(folder), ...withRedis([redis.address]) })
  }, 240_000)

  describe('and Redis', () => {
    manyNodesContract(cleanup, () => cluster)
    // How programs ask is the same without Redis, and shown in folder.test.ts.
    if (inLength({ short: false, long: true })) programs(cleanup, () => cluster)
  })

  /** Nobody outside notices, but the workers say so. */
  function timesNoticed(): number {
    const logs = cluster.commands.workers.map(({ output }) => output())
    return logs.join('').match(/redis is not available/g)?.length ?? 0
  }

  it.each(outages)(
    'Redis %s, and no request fails, before, meanwhile and after',
    async (what, outage) => {
      const { url, urls } = cluster
      const { bytes, upload } = await prepare(url)
      const noticed = timesNoticed()
      const work = startWork({ url, clients, sizes, name: `outage/${what.length}` })
      await work.reached(clients)
      await outage.breakIt(redis)
      await work.reached(clients)
      await finishUpload(upload(urls[1] ?? ''), bytes, digestOf(bytes))
      redis = await outage.mendIt(redis, cleanup)
      await work.reached(clients)
      const { faults, pushed } = await work.end()
      expect(faults).toEqual([])
      expect(timesNoticed()).toBeGreaterThan(noticed)
      expect(await findLosses(urls, pushed)).toEqual([])
    },
  )

  it('Redis forgets everything, again and again, and no push fails', async () => {
    const work = startWork({ url: cluster.url, clients, sizes, name: 'flushed' })
    for (let count = 0; count < flushes; count++) {
      await work.reached(2)
      await redis.command('flushall')
    }
    const { faults, pushed } = await work.end()
    expect(faults).toEqual([])
    expect(await findLosses(cluster.urls, pushed)).toEqual([])
  })
})
