/** Redis fails under nodes that share a bucket: pulls go on, pushes wait for it, and none is lost. */
import { beforeAll, expect, it } from '@jest/globals'
import { makeBucket } from '../registry/storage/s3/started.ts'
import { startCeph } from '../support/ceph.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Cluster, onS3, startCluster, withRedis } from '../support/cluster.ts'
import { send } from '../support/http.ts'
import { digestOf } from '../support/image.ts'
import { inLength } from '../support/length.ts'
import { describeWith } from '../support/programs.ts'
import { expectStatus } from '../support/push.ts'
import { type RedisServer, useRedis, useSentinel } from '../support/redis.ts'
import { finishUpload } from '../support/upload.ts'
import { expectPatience, outages, prepare } from './support/outages.ts'
import { findLosses, startPulls, startWork } from './support/work.ts'

const needs = ['haproxy', 'redis-server', 'radosgw', 'ceph-mon', 'ceph-osd', 'setpriv'] as const
const starting = 240_000
const [clients, flushes] = inLength({ short: [3, 5], long: [4, 50] })
const sizes = [200, 30_000, 300_000]

describeWith([...needs, 'redis-sentinel', 'linux'], 'for nodes that share a bucket, Redis', () => {
  const cleanup = useCleanup()
  let endpoint: string
  let redis: RedisServer
  let cluster: Cluster
  const startPatient = (name: string) =>
    startWork({ url: cluster.url, clients, patient: true, sizes, name })

  beforeAll(async () => {
    endpoint = (await startCeph(cleanup)).endpoint
    await makeBucket(endpoint)
    redis = await useRedis(cleanup)
    cluster = await startCluster(cleanup, { ...onS3(endpoint), ...withRedis([redis.address]) })
  }, starting)

  it('forgets everything, again and again, and no push fails', async () => {
    const work = startWork({ url: cluster.url, clients, sizes, name: 'flushed' })
    for (let count = 0; count < flushes; count++) {
      await work.reached(2)
      await redis.command('flushall')
    }
    const { faults, pushed } = await work.end()
    expect(faults).toEqual([])
    expect(await findLosses(cluster.urls, pushed)).toEqual([])
  })

  it.each(outages)('%s: pulls go on, and pushes once it is back', async (what, outage) => {
    const { url, urls } = cluster
    const before = await prepare(url)
    const pulls = startPulls(urls, before.steady)
    const work = startPatient(`outage/${what.length}`)
    await work.reached(clients)

    await outage.breakIt(redis)
    await expectPatience(urls, before)
    await pulls.reached(4)
    redis = await outage.mendIt(redis, cleanup)

    await work.reached(clients)
    const { faults, pushed, again } = await work.end()
    expect(faults).toEqual([])
    expect(again).toBeGreaterThan(0)
    expect(await pulls.end()).toEqual([])
    expect(await findLosses(urls, pushed)).toEqual([])
    // The upload that was refused meanwhile goes on where it was, through another gateway.
    const { bytes, steady, upload } = before
    await finishUpload(upload(urls[1] ?? ''), bytes, digestOf(bytes))
    const blob = `/v2/${steady.repository}/blobs/${digestOf(bytes)}`
    expectStatus(await send('HEAD', urls[0] + blob), 200)
  })

  it('is replaced by its sentinels, and comes back as a replica: pushes wait and go on', async () => {
    await cluster.destroy()
    const { master, sentinel, address } = await useSentinel(cleanup)
    cluster = await startCluster(cleanup, {
      ...onS3(endpoint),
      REGISTRY_STORAGE_S3_ROOTDIRECTORY: 'sentinels',
      ...withRedis([address], 'main'),
    })
    const { url, urls } = cluster
    const { steady } = await prepare(url)
    const pulls = startPulls(urls, steady)
    const work = startPatient('sentinels')
    await work.reached(clients)
    master.freeze()
    await sentinel.said(/\+switch-master/)
    await work.reached(clients)
    master.thaw()
    await sentinel.said(/\+convert-to-slave/)
    await work.reached(clients)
    const { faults, pushed } = await work.end()
    expect(faults).toEqual([])
    expect(await pulls.end()).toEqual([])
    expect(await findLosses(urls, pushed)).toEqual([])
  })
})
