/** Many nodes on one folder, without Redis. */
import { beforeAll } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { type Cluster, onFolder, startCluster } from '../support/cluster.ts'
import { describeWith } from '../support/programs.ts'
import { manyNodesContract } from './contract/many-nodes.ts'
import { programs } from './contract/programs.ts'

describeWith(['haproxy', 'linux'], 'a folder that many nodes share, without Redis,', () => {
  const cleanup = useCleanup()
  let cluster: Cluster

  beforeAll(async () => {
    cluster = await startCluster(cleanup, onFolder(await cleanup.folder()))
  }, 240_000)

  manyNodesContract(cleanup, () => cluster)
  programs(cleanup, () => cluster)
})
