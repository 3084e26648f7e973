/** Many nodes on a bucket, with Redis. */
import { beforeAll } from '@jest/globals'
import { startUpstream, type Upstream } from '../mirror/support/upstream.ts'
import { makeBucket } from '../registry/storage/s3/started.ts'
import { startCeph } from '../support/ceph.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Cluster, onS3, startCluster, withRedis } from '../support/cluster.ts'
import { describeWith } from '../support/programs.ts'
import { useRedis } from '../support/redis.ts'
import { manyNodesContract } from './contract/many-nodes.ts'
import { mirrors, mirrorsContract } from './contract/mirrors.ts'
import { programs } from './contract/programs.ts'

const needs = ['haproxy', 'redis-server', 'radosgw', 'ceph-mon', 'ceph-osd', 'setpriv'] as const
const starting = 240_000

describeWith(
  [...needs, 'docker-registry', 'linux'],
  'a bucket that many nodes share, with Redis,',
  () => {
    const cleanup = useCleanup()
    let cluster: Cluster
    let upstream: Upstream

    beforeAll(async () => {
      const { endpoint } = await startCeph(cleanup)
      await makeBucket(endpoint)
      const { address } = await useRedis(cleanup)
      upstream = await startUpstream(cleanup)
      const mirror = mirrors(upstream)
      const shared = { ...onS3(endpoint), ...withRedis([address]) }
      cluster = await startCluster(cleanup, { ...shared, ...mirror })
    }, starting)

    manyNodesContract(cleanup, () => cluster)
    programs(cleanup, () => cluster)
    mirrorsContract(() => ({ cluster, upstream }))
  },
)
