/** Many nodes on one folder, without Redis. */
import { beforeAll } from '@jest/globals'
import { startUpstream, type Upstream } from '../mirror/support/upstream.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Cluster, onFolder, startCluster } from '../support/cluster.ts'
import { describeWith } from '../support/programs.ts'
import { manyNodesContract } from './contract/many-nodes.ts'
import { mirrors, mirrorsContract, takeOverContract } from './contract/mirrors.ts'
import { programs } from './contract/programs.ts'

describeWith(
  ['haproxy', 'docker-registry', 'linux'],
  'a folder that many nodes share, without Redis,',
  () => {
    const cleanup = useCleanup()
    let cluster: Cluster
    let upstream: Upstream

    beforeAll(async () => {
      upstream = await startUpstream(cleanup)
      const folder = onFolder(await cleanup.folder())
      cluster = await startCluster(cleanup, { ...folder, ...mirrors(upstream) })
    }, 240_000)

    manyNodesContract(cleanup, () => cluster)
    programs(cleanup, () => cluster)
    mirrorsContract(() => ({ cluster, upstream }))
    takeOverContract(() => ({ cluster, upstream }))
  },
)
