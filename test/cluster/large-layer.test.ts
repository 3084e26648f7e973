/** A layer far larger than any memory it passes through, pushed to a bucket and pulled back. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { beforeAll, expect, it } from '@jest/globals'
import { makeBucket } from '../registry/storage/s3/started.ts'
import { startCeph } from '../support/ceph.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Cluster, onS3, startCluster, withRedis } from '../support/cluster.ts'
import { next, send } from '../support/http.ts'
import { inLength } from '../support/length.ts'
import { peakMemory } from '../support/processes.ts'
import { describeWith } from '../support/programs.ts'
import { chunkHeaders, expectStatus } from '../support/push.ts'
import { generateLayer } from '../support/random.ts'
import { useRedis } from '../support/redis.ts'

const needs = ['haproxy', 'redis-server', 'radosgw', 'ceph-mon', 'ceph-osd', 'setpriv'] as const
const mebibyte = 1024 * 1024
const size = inLength({ short: 320, long: 5200 }) * mebibyte
/** As it is without any setting. */
const usualPart = 10 * mebibyte
/**
 * In MiB, for each process. One that has just started has 140. To that come three parts of an upload,
 * one that fills while two are on their way, and what has been used but not yet collected; ten times
 * as large a layer needs no more.
 */
const most = 300

describeWith([...needs, 'linux'], `a layer of ${size / mebibyte} MiB`, () => {
  const cleanup = useCleanup()
  let cluster: Cluster

  beforeAll(async () => {
    const { endpoint } = await startCeph(cleanup)
    await makeBucket(endpoint)
    cluster = await startCluster(cleanup, {
      ...onS3(endpoint),
      REGISTRY_STORAGE_S3_CHUNKSIZE: `${usualPart}`,
      ...withRedis([(await useRedis(cleanup)).address]),
    })
  }, 240_000)

  it('goes into a bucket and comes back, while no process ever needs much memory', async () => {
    const blobs = `${cluster.url}/v2/large/blobs`
    const hash = createHash('sha256')
    const begun = await send('POST', `${blobs}/uploads/`)
    const upload = next(begun, cluster.url)
    const patched = await send('PATCH', upload, {
      body: generateLayer(size, hash),
      headers: chunkHeaders,
    })
    expectStatus(patched, 202)
    const digest = `sha256:${hash.digest('hex')}`
    expectStatus(await send('PUT', next(patched, cluster.url, `digest=${digest}`)), 201)

    const pull = async (url: string) => {
      const pulled = createHash('sha256')
      const asked = get(`${url}/v2/large/blobs/${digest}`)
      const [response] = (await once(asked, 'response')) as [IncomingMessage]
      for await (const chunk of response) pulled.update(chunk)
      expect(`sha256:${pulled.digest('hex')}`).toBe(digest)
    }
    await Promise.all(cluster.urls.map(pull))
    for (const kind of ['workers', 'gateways'] as const) {
      const peaks = await Promise.all((await cluster.pids(kind)).map(peakMemory))
      expect(Math.max(...peaks)).toBeLessThan(most)
    }
  }, 600_000)
})
