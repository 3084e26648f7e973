/** The bucket that nodes share is slow, overloaded, or away: pushes wait, come again, and are whole. */
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeAll, expect, it } from '@jest/globals'
import {
  type Fault,
  type FaultyService,
  startFaultyService,
} from '../registry/storage/s3/faults.ts'
import { makeBucket } from '../registry/storage/s3/started.ts'
import { startCeph } from '../support/ceph.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Cluster, onS3, startCluster, withRedis } from '../support/cluster.ts'
import { send } from '../support/http.ts'
import { type Image, imageFrom } from '../support/image.ts'
import { inLength } from '../support/length.ts'
import { describeWith } from '../support/programs.ts'
import { manifestUrl, pullImage, pushBlob, putManifest } from '../support/push.ts'
import { createRandom } from '../support/random.ts'
import { useRedis } from '../support/redis.ts'
import { type SlowWay, startSlowWay } from './support/slow.ts'
import { findLosses, type Pushed, startWork } from './support/work.ts'

const needs = ['haproxy', 'redis-server', 'radosgw', 'ceph-mon', 'ceph-osd', 'setpriv'] as const
const clients = 4
const images = inLength({ short: 1, long: 10 })
const pushes = inLength({ short: 2, long: 10 })
/** The faults of one request in ten: all of them at once, or for longer each by itself. */
const troubles = inLength<Fault[][]>({
  short: [['slowDown', 'failed', 'reset', 'loseAnswer']],
  long: [['slowDown'], ['failed'], ['reset'], ['loseAnswer']],
})
const sizes = [200, 60_000, 700_000]
/** The last is two parts. */
const largeSizes = [200, 6_000_000]
/** So many writes and more does it take to push a manifest. */
const steps = 6

describeWith([...needs, 'linux'], 'the bucket that nodes share', () => {
  const cleanup = useCleanup()
  let slow: SlowWay
  let service: FaultyService
  let cluster: Cluster
  const random = createRandom(3)

  beforeAll(async () => {
    const { endpoint, port } = await startCeph(cleanup)
    await makeBucket(endpoint)
    slow = await startSlowWay(cleanup, port)
    service = await startFaultyService(cleanup, { port: slow.port })
    const redis = withRedis([(await useRedis(cleanup)).address])
    cluster = await startCluster(cleanup, { ...onS3(service.endpoint), ...redis })
  }, 240_000)

  afterEach(() => service.plan(() => undefined))

  it('is slow, and no push or pull fails', async () => {
    slow.delay(20)
    const options = { url: cluster.url, clients, images, sizes, name: 'slow' }
    const { faults, pushed } = await startWork(options).end()
    slow.delay(0)
    expect(faults).toEqual([])
    expect(await findLosses(cluster.urls, pushed)).toEqual([])
  })

  it.each(troubles.map((faults) => [faults.join(', '), faults] as const))(
    'answers one request in ten with trouble (%s), and no push fails',
    async (name, troubles) => {
      service.plan(() => (random.next() < 0.1 ? random.pick(troubles) : undefined))
      const options = {
        url: cluster.url,
        clients,
        images: pushes,
        sizes: largeSizes,
        name: name.toLowerCase().replaceAll(', ', '-'),
      }
      const { faults, pushed } = await startWork(options).end()
      service.plan(() => undefined)
      expect(faults).toEqual([])
      expect(await findLosses(cluster.urls, pushed)).toEqual([])
    },
  )

  it('is away for a while: pushes are asked to come again, and go on where they were', async () => {
    const { url, urls } = cluster
    const work = startWork({ url, clients, sizes, patient: true, name: 'away' })
    await work.reached(clients)
    service.plan(() => 'slowDown')
    // A request is answered once it has gone through its tries, and not before.
    const asked = urls.map((each) => send('GET', `${each}/v2/away/0/0/tags/list`))
    for (const refused of await Promise.all(asked)) {
      expect([refused.status, Number(refused.headers['retry-after']) > 0]).toEqual([503, true])
    }
    // On a busy machine the clients may still be on their way.
    while (work.timesAgain() === 0) await wait(20)
    service.plan(() => undefined)
    await work.reached(2 * clients)
    const { faults, pushed, again } = await work.end()
    expect(faults).toEqual([])
    expect(again).toBeGreaterThan(0)
    expect(await findLosses(urls, pushed)).toEqual([])
  })

  it('fails at any step of a push: what was not acknowledged is whole or not there', async () => {
    const seen = new Set<string>()
    const pushes: Pushed[] = []
    for (let step = 1; step <= steps; step++) {
      const repository = `steps/${step}`
      pushes.push({ repository, image: await pushBlobs(repository) })
    }
    const statuses = await putFailingAtEach(pushes)
    for (const [index, { repository, image }] of pushes.entries()) {
      for (const url of cluster.urls)
        seen.add(`${statuses[index]} ${await look(url, { repository, image })}`)
      const again = await putManifest({ url: cluster.url, repository }, 'v1', image.manifest)
      expect(again.status).toBe(201)
    }
    // Both have happened, or nothing was shown; and what was acknowledged was always there.
    expect([...seen]).toEqual(expect.arrayContaining(['503 absent', '201 whole']))
    expect(seen).not.toContain('201 absent')
  })

  async function pushBlobs(repository: string): Promise<Image> {
    const image = imageFrom(random.bytes(1000))
    const place = { url: cluster.url, repository }
    for (const bytes of [...image.layers, image.config]) await pushBlob(place, bytes)
    return image
  }

  /**
   * From its first write on the first of them finds that nothing of it is written any more, the second
   * from its second write, and so on. Answers their statuses.
   */
  async function putFailingAtEach(pushes: Pushed[]): Promise<number[]> {
    const writes = pushes.map(() => 0)
    const pushOf = (url: string) =>
      pushes.findIndex(({ repository, image }) =>
        [`/${repository}/`, image.digest.slice('sha256:'.length)].some((it) => url.includes(it)),
      )
    service.plan(({ method, url }) => {
      const index = pushOf(decodeURIComponent(url))
      if (index < 0) return undefined
      if (method === 'PUT') writes[index] = (writes[index] ?? 0) + 1
      return (writes[index] ?? 0) > index ? 'slowDown' : undefined
    })
    const put = async ({ repository, image }: Pushed): Promise<number> => {
      const place = { url: cluster.url, repository }
      const { status, headers } = await putManifest(place, 'v1', image.manifest)
      if (status !== 201) {
        const later = expect.stringMatching(/^[1-9]\d*$/)
        expect([status, headers['retry-after']]).toEqual([503, later])
      }
      return status
    }
    const statuses = await Promise.all(pushes.map(put))
    service.plan(() => undefined)
    return statuses
  }

  /** A tag that shows, anywhere, leads to an image that is whole. */
  async function look(url: string, { repository, image }: Pushed): Promise<'whole' | 'absent'> {
    const listed = await send('GET', `${url}/v2/${repository}/tags/list`)
    const tags = listed.status === 200 ? JSON.parse(`${listed.body}`).tags : []
    if (tags.length > 0) expect(await pullImage({ url, repository }, 'v1')).toBe(image.digest)
    const { status } = await send('HEAD', manifestUrl({ url, repository }, 'v1'))
    expect([tags, status]).toEqual(tags.length > 0 ? [['v1'], 200] : [[], 404])
    return status === 200 ? 'whole' : 'absent'
  }
})
