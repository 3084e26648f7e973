/** Many nodes on a bucket, with Redis. */
import { beforeAll } from '@jest/globals'
import { makeBucket } from '../registry/storage/s3/started.ts'
import { startCeph } from '../support/ceph.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Cluster, onS3, startCluster, withRedis } from '../support/cluster.ts'
import { describeWith } from '../support/programs.ts'
import { useRedis } from '../support/redis.ts'
import { manyNodesContract } from './contract/many-nodes.ts'
import { programs } from './contract/programs.ts'

const needs = ['haproxy', 'redis-server', 'radosgw', 'ceph-mon', 'ceph-osd', 'setpriv'] as const
const starting = 240_000

describeWith([...needs, 'linux'], 'a bucket that many nodes share, with Redis,', () => {
  const cleanup = useCleanup()
  let cluster: Cluster

  beforeAll(async () => {
    const { endpoint } = await startCeph(cleanup)
    await makeBucket(endpoint)
    const { address } = await useRedis(cleanup)
    cluster = await startCluster(cleanup, { ...onS3(endpoint), ...withRedis([address]) })
  }, starting)

  manyNodesContract(cleanup, () => cluster)
  programs(cleanup, () => cluster)
})
