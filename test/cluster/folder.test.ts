/** Many nodes on one folder, with Redis and without. */
import { beforeAll } from '@jest/globals'
import { type Cleanup, useCleanup } from '../support/cleanup.ts'
import { type Cluster, onFolder, startCluster, withRedis } from '../support/cluster.ts'
import { describeWith } from '../support/programs.ts'
import { useRedis } from '../support/redis.ts'
import { manyNodesContract } from './contract/many-nodes.ts'

const rows: [how: string, settings: (cleanup: Cleanup) => Promise<NodeJS.ProcessEnv>][] = [
  ['with Redis', async (cleanup) => withRedis([(await useRedis(cleanup)).address])],
  ['without Redis', async () => ({})],
]

for (const [how, settings] of rows) {
  describeWith(
    ['haproxy', 'redis-server', 'linux'],
    `a folder that many nodes share, ${how},`,
    () => {
      const cleanup = useCleanup()
      let cluster: Cluster

      beforeAll(async () => {
        const redis = await settings(cleanup)
        cluster = await startCluster(cleanup, { ...onFolder(await cleanup.folder()), ...redis })
      }, 240_000)

      manyNodesContract(cleanup, () => cluster)
    },
  )
}
