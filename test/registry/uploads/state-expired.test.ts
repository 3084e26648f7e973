/** The state that a client carries expires: a request that is sent again brings back nothing that was deleted since. */
import { beforeAll, beforeEach, expect, it } from '@jest/globals'
import { paths } from '../../../registry/content/paths.ts'
import { digestOf } from '../../../registry/protocol/digest.ts'
import { openRedis, type Redis } from '../../../registry/redis/open.ts'
import type { StorageDriver } from '../../../registry/storage/driver.ts'
import { withoutLease } from '../../../registry/storage/fenced.ts'
import { createInmemoryBucket } from '../../../registry/storage/memory.ts'
import type { Placing } from '../../../registry/storage/placing.ts'
import { carriedMs, createCarrier } from '../../../registry/uploads/bucket/signed-state.ts'
import { createCarriedStates } from '../../../registry/uploads/bucket/state-carried.ts'
import type { AskedUpload } from '../../../registry/uploads/rules.ts'
import { createUploadStateFiles } from '../../../registry/uploads/state-files.ts'
import { source } from '../../contract/bytes.ts'
import { until } from '../../protocol/support/suite.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { createParts } from '../../support/parts.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, useRedis } from '../../support/redis.ts'

const digest = (text: string) => digestOf('sha256', Buffer.from(text))
const chunk = (...texts: string[]) => ({ source: source(texts), range: undefined })
const unknown = { reason: 'uploadUnknown' }
const repository = 'team/app'
const minute = 60_000
const [small, large] = ['small', 'larger than one part']

describeWith(['redis-server'], 'an upload that a client still carries', () => {
  const cleanup = useCleanup()
  let server: RedisServer
  let redis: Redis
  let storage: StorageDriver
  let placing: Placing
  /** By how much the clock of all machines has gone on since the test began. */
  let later: number
  let uploads: ReturnType<typeof open>

  beforeAll(async () => {
    server = await useRedis(cleanup)
    const watching = { pauseMs: 20, required: false }
    redis = await openRedis({ addresses: [server.address] }, watching)
    cleanup.add(redis.close)
  })
  beforeEach(async () => {
    await forget()
    const bucket = createInmemoryBucket(10)
    storage = bucket.driver
    placing = bucket.placing
    later = 0
    uploads = open()
  })

  function open() {
    const carrier = createCarrier('secret', () => Date.now() + later)
    const { blobs, uploads } = createParts({ storage, redis, bucket: { placing, carrier } })
    const states = createCarriedStates({ redis, carrier, files: createUploadStateFiles(storage) })
    return { blobs, states, ...uploads }
  }
  const begin = () => uploads.start(repository, { subject: 'alice', algorithm: 'sha256' })
  const append = async (to: AskedUpload, it: ReturnType<typeof chunk>): Promise<AskedUpload> => ({
    ...to,
    ...(await uploads.append(to, it)),
  })
  const shown = (text: string) => uploads.blobs.find(repository, digest(text))
  const remove = (text: string) =>
    uploads.blobs.unlink(withoutLease(storage), { repository, digest: digest(text) })
  const keyOf = ({ id }: AskedUpload) => `kura:upload:${repository}:${id}`
  const forget = () => redis.run({ lua: "return redis.call('flushall')", keys: [], args: [] })

  async function pushed(text: string): Promise<AskedUpload> {
    const whole = await append(await begin(), chunk(text))
    await uploads.commit(whole, digest(text))
    await remove(text)
    return whole
  }

  const requests: [what: string, again: (it: AskedUpload, text: string) => Promise<unknown>][] = [
    ['PUT', (it, text) => uploads.commit(it, digest(text))],
    ['PUT with its last chunk', (it, text) => uploads.commit(it, digest(text), chunk(text))],
    ['PATCH', (it, text) => uploads.append(it, chunk(text))],
    ['GET', (it) => uploads.progress(it)],
    ['DELETE', (it) => uploads.cancel(it)],
  ]
  const moments: [when: string, after: number, isEmptied: boolean][] = [
    ['at once', 0, false],
    ['within the hour', 59, false],
    ['after the hour, when Redis is empty', 61, true],
    ['years later, when Redis is empty', 1e6, true],
  ]
  const rows = requests.flatMap(([what, again]) =>
    moments.flatMap(([when, after, isEmptied]) =>
      [small, large].map((text) => ({ what, when, text, again, after, isEmptied })),
    ),
  )
  it.each(rows)('brings back no deleted blob by $what sent again $when: $text', async (row) => {
    const whole = await pushed(row.text)
    later = row.after * minute
    if (row.isEmptied) await forget()
    await expect(row.again(whole, row.text)).rejects.toMatchObject(unknown)
    expect(await shown(row.text)).toBeUndefined()
    expect(await Array.fromAsync(storage.list(paths.uploads(repository)))).toEqual([])
  })

  it('is known to have ended for longer than anything of it can be carried', async () => {
    const whole = await pushed(small)
    const left = Number(await server.command('pttl', keyOf(whole)))
    expect(left).toBeGreaterThan(carriedMs + 30 * minute)
  })

  it('stays ended for a process that lost its lease and writes down its progress late', async () => {
    const whole = await append(await begin(), chunk(small))
    const state = await uploads.states.find(repository, whole.id, whole.carried)
    await uploads.commit(whole, digest(small))
    await remove(small)
    if (state) await uploads.states.save(repository, whole.id, state)
    await expect(uploads.commit(whole, digest(small))).rejects.toMatchObject(unknown)
    expect(await shown(small)).toBeUndefined()
  })

  it('has ended in the process that could not tell Redis, and everywhere once it could', async () => {
    const whole = await append(await begin(), chunk(small))
    await server.command('replicaof', '127.0.0.1', '1')
    await uploads.commit(whole, digest(small))
    await remove(small)
    await expect(uploads.commit(whole, digest(small))).rejects.toMatchObject(unknown)
    await server.command('replicaof', 'no', 'one')
    await until(async () => {
      await uploads.progress(whole).catch(() => {})
      const said = await redis.get(keyOf(whole)).catch(() => undefined)
      return said !== undefined && !said?.includes('state')
    })
    uploads = open()
    await expect(uploads.commit(whole, digest(small))).rejects.toMatchObject(unknown)
    expect(await shown(small)).toBeUndefined()
  })

  it('goes on for an hour after each answer', async () => {
    let now = await begin()
    for (const text of ['one ', 'two ', 'three']) {
      later += 59 * minute
      await forget()
      now = await append(now, chunk(text))
    }
    later += 59 * minute
    await forget()
    now = { ...now, ...(await uploads.progress(now)) }
    later += 59 * minute
    await forget()
    await uploads.commit(now, digest('one two three'))
    expect(await shown('one two three')).toMatchObject({ size: 13 })
  })

  it.each(['PATCH', 'PUT'])('goes on after a %s that took hours', async (what) => {
    async function* slowly() {
      yield Buffer.from('larger than ')
      later += 180 * minute
      await forget()
      yield Buffer.from('one part')
    }
    const slow = { source: slowly(), range: undefined }
    const begun = await begin()
    if (what === 'PUT') await uploads.commit(begun, digest(large), slow)
    else await uploads.commit(await append(begun, slow), digest(large))
    expect(await shown(large)).toMatchObject({ size: large.length })
  })

  it('goes on after hours without a request, as long as Redis knows of it', async () => {
    const paused = await append(await begin(), chunk('one '))
    later += 600 * minute
    expect(await uploads.progress(paused)).toMatchObject({ size: 4 })
    await uploads.commit(await append(paused, chunk('two')), digest('one two'))
  })

  it('is lost after hours without a request when Redis has forgotten it, and is no half of one', async () => {
    const paused = await append(await begin(), chunk(large))
    later += 61 * minute
    await forget()
    for (const [, again] of requests) {
      await expect(again(paused, large)).rejects.toMatchObject(unknown)
    }
    expect(await shown(large)).toBeUndefined()
    const anew = await append(await begin(), chunk(large))
    await uploads.commit(anew, digest(large))
    // The blob is there by now, so the old upload's commit succeeds, as after any answer that got lost.
    await uploads.commit(paused, digest(large))
  })

  it('is asked for again later while Redis, which may know of it, is away', async () => {
    const paused = await append(await begin(), chunk(small))
    later += 61 * minute
    const own = await useRedis(cleanup)
    const watching = { pauseMs: 20, required: false }
    const away = await openRedis({ addresses: [own.address] }, watching)
    cleanup.add(away.close)
    await own.destroy()
    redis = away
    await expect(open().progress(paused)).rejects.toMatchObject({ reason: 'unavailable' })
  })
})
