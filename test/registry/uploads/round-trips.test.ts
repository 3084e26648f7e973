/**
 * How often storage is asked for each request of the protocol, and how often one after the other: on
 * object stores that is nearly all the time a push takes. A row that grows needs a good reason.
 */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { createTagCache } from '../../../registry/content/tags/tag-cache.ts'
import { createTagged } from '../../../registry/content/tags/tagged.ts'
import { canonical, type Digest, digestOf } from '../../../registry/protocol/digest.ts'
import { parseManifest } from '../../../registry/protocol/manifest.ts'
import { parseTag } from '../../../registry/protocol/name.ts'
import { openRedis, type Redis } from '../../../registry/redis/open.ts'
import { createInmemoryBucket, createInmemoryDriver } from '../../../registry/storage/memory.ts'
import { source } from '../../contract/bytes.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { imageFrom, manifestType } from '../../support/image.ts'
import { createParts, testCarrier } from '../../support/parts.ts'
import { describeWith } from '../../support/programs.ts'
import { useRedis } from '../../support/redis.ts'
import { countRounds } from './rounds.ts'

const partSize = 100
const small = Buffer.from('a small layer')
const large = Buffer.alloc(2 * partSize, 'large')
const bare = { subject: undefined, algorithm: canonical }
const chunk = (bytes: Buffer) => ({ source: source([bytes]), range: undefined })
const nameOf = (bytes: Buffer) => digestOf(canonical, bytes)

/** All that a registry has, as the requests use it. */
function open({ isBucket, redis }: { isBucket: boolean; redis?: Redis }) {
  const { behind, measure } = countRounds()
  const cache = redis && createTagCache(redis, { good: 1, finding: 1000 })
  const parts = createParts({ ...(isBucket ? bucket() : folder()), redis, cache })

  function bucket() {
    const { driver, placing } = createInmemoryBucket(partSize)
    return {
      storage: behind(driver),
      bucket: { placing: behind(placing), carrier: testCarrier },
    }
  }
  function folder() {
    return { storage: behind(createInmemoryDriver()) }
  }
  return { measure, ...parts, cache, ...parts.uploads }
}

type Registry = ReturnType<typeof open>
type Step = (registry: Registry) => Promise<() => Promise<unknown>>

const started = async (it: Registry, ...chunks: Buffer[]) => {
  let upload = await it.start('a', bare)
  for (const bytes of chunks) upload = { ...upload, ...(await it.append(upload, chunk(bytes))) }
  return upload
}
const pushed = async (it: Registry, bytes: Buffer): Promise<Digest> => {
  await it.commit(await started(it), nameOf(bytes), chunk(bytes))
  return nameOf(bytes)
}

const post: Step = async (it) => () => it.start('a', bare)
const whole: Step = async (it) => () =>
  it.take('a', { digest: nameOf(small), source: source([small]), subject: undefined })
const patch =
  (bytes: Buffer, ...before: Buffer[]): Step =>
  async (it) => {
    const upload = await started(it, ...before)
    return () => it.append(upload, chunk(bytes))
  }
const put =
  (...before: Buffer[]): Step =>
  async (it) => {
    const upload = await started(it, ...before)
    return () => it.commit(upload, nameOf(Buffer.concat(before)))
  }
const putWhole =
  (bytes: Buffer): Step =>
  async (it) => {
    const upload = await started(it)
    return () => it.commit(upload, nameOf(bytes), chunk(bytes))
  }
const status: Step = async (it) => {
  const upload = await started(it, small)
  return () => it.progress(upload)
}
const head: Step = async (it) => {
  const digest = await pushed(it, small)
  return () => it.blobs.find('a', digest)
}
const get: Step = async (it) => {
  const digest = await pushed(it, small)
  return async () =>
    (await it.blobs.open('a', digest)) ??
    it.blobs.read((await it.blobs.find('a', digest)) ?? { canonical: digest, size: 0 })
}

const image = imageFrom(small)
const manifest = parseManifest(image.manifest, manifestType)
const manifestPush = { bytes: image.manifest, manifest, digest: undefined, mayMove: () => true }
const latest = [parseTag('latest')]
async function pushManifest(it: Registry) {
  const references = it.references.check('a', manifest)
  await it.manifests.put('a', { ...manifestPush, references, tags: latest })
}
const putManifest: Step = async (it) => {
  for (const bytes of [small, image.config]) await pushed(it, bytes)
  return () => pushManifest(it)
}
const getByTag: Step = async (it) => {
  await (await putManifest(it))()
  return async () => {
    const digest = await it.tags.find('a', parseTag('latest'))
    return digest && it.manifests.find('a', digest)
  }
}

type Row = [request: string, step: Step, beside: string[], bucket: string[], folder: string[]]
const rows: Row[] = [
  ['POST', post, [], ['put put'], ['put put']],
  [
    'POST with the blob',
    whole,
    ['putStream', 'put'],
    ['putStream', 'put'],
    ['put put', 'get stat', 'append', 'stat', 'put', 'put', 'move', 'remove'],
  ],
  ['PATCH', patch(small), ['place'], ['get', 'place put'], ['get stat', 'append', 'stat', 'put']],
  [
    'PATCH of what is large',
    patch(large),
    ['place', 'stat'],
    ['get', 'place', 'stat', 'put'],
    ['get stat', 'append', 'stat', 'put'],
  ],
  [
    'a second PATCH',
    patch(small, small),
    ['place read', '', 'stat'],
    ['get', 'stat', 'place read', '', 'stat', 'put'],
    ['get stat', 'append', 'stat', 'put'],
  ],
  [
    'PUT',
    put(small),
    ['put'],
    ['get stat', 'put', 'remove'],
    ['get stat', 'put', 'move', 'remove'],
  ],
  [
    'PUT of what is large',
    put(large),
    ['stat', 'put', 'move'],
    ['get stat', 'stat', 'put', 'move', 'remove'],
    ['get stat', 'put', 'move', 'remove'],
  ],
  [
    'PUT with the blob',
    putWhole(small),
    ['putStream', 'put'],
    ['get', 'putStream', 'put', 'remove'],
    ['get stat', 'append', 'stat', 'put', 'put', 'move', 'remove'],
  ],
  ['GET of an upload', status, [], ['get', 'stat'], ['get stat']],
  ['HEAD of a blob', head, ['get stat'], ['get stat'], ['get stat']],
  ['GET of a blob', get, ['get open'], ['get open'], ['get open']],
  [
    'PUT of a manifest',
    putManifest,
    ['get get put stat stat', 'put put', 'put'],
    ['get get put stat stat', 'put put', 'put'],
    ['get get put stat stat', 'put put', 'put'],
  ],
  [
    'GET of a manifest by tag',
    getByTag,
    ['get', 'get get'],
    ['get', 'get get'],
    ['get', 'get get'],
  ],
]

type Kind = (redis: Redis) => { isBucket: boolean; redis?: Redis }

describeWith(['redis-server'], 'a store', () => {
  const cleanup = useCleanup()
  let redis: Redis
  beforeAll(async () => {
    const { address } = await useRedis(cleanup)
    redis = await openRedis({ addresses: [address] })
    cleanup.add(redis.close)
  })

  const kinds: [kind: string, optionsOf: Kind, column: 2 | 3 | 4][] = [
    ['that is a bucket beside a Redis', (redis) => ({ isBucket: true, redis }), 2],
    ['that is a bucket alone', () => ({ isBucket: true }), 3],
    ['that is a folder', () => ({ isBucket: false }), 4],
  ]
  describe.each(kinds)('%s', (_kind, optionsOf, column) => {
    it.each(rows)('is asked no more than needed by %s', async (...row) => {
      const registry = open(optionsOf(redis))
      let work: () => Promise<unknown> = async () => {}
      await registry.measure(async () => {
        work = await row[1](registry)
      })
      expect(await registry.measure(work)).toEqual(row[column])
    })
  })

  it('is asked for the tag alone once its manifest is known', async () => {
    const registry = open({ isBucket: true, redis })
    const { tags, manifests, cache } = registry
    const tagged = createTagged({ tags, manifests, cache })
    const look = () => tagged.find('a', parseTag('latest'))
    await registry.measure(async () => (await putManifest(registry))())
    expect(await registry.measure(look)).toEqual(['get', 'get get get'])
    // Redis forgets within a moment, and then says nothing of the tag.
    let asked = await registry.measure(look)
    while (asked.length === 0) asked = await registry.measure(look)
    expect(asked).toEqual(['get'])
  })
})
