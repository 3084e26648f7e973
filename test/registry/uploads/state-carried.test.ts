/** Upload states that Redis has and clients carry: no push fails when either of them forgets. */
import { beforeEach, describe, expect, it } from '@jest/globals'
import { paths } from '../../../registry/content/paths.ts'
import { digestOf } from '../../../registry/protocol/digest.ts'
import { openRedis, type Redis } from '../../../registry/redis/open.ts'
import type { StorageDriver } from '../../../registry/storage/driver.ts'
import { createInmemoryBucket } from '../../../registry/storage/memory.ts'
import type { Placing } from '../../../registry/storage/placing.ts'
import { createCarrier } from '../../../registry/uploads/bucket/signed-state.ts'
import type { UploadState } from '../../../registry/uploads/record.ts'
import type { AskedUpload } from '../../../registry/uploads/rules.ts'
import { source } from '../../contract/bytes.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { createParts } from '../../support/parts.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, useRedis } from '../../support/redis.ts'

const digest = (text: string) => digestOf('sha256', Buffer.from(text))
const chunk = (text: string) => ({ source: source([text]), range: undefined })
const upload = { repository: 'team/app', id: 'id' }
const state: UploadState = {
  subject: 'alice',
  startedAt: new Date('2026-01-02T03:04:05Z'),
  algorithm: 'sha512',
  received: { size: 3, changedAt: new Date('2026-01-02T03:04:06.789Z'), digests: [digest('abc')] },
}

describe('a state that a client carries', () => {
  const carrier = createCarrier('secret')
  const text = carrier.write(upload, state)
  const [payload, mac] = text.split('.')

  it('is read as it was written, where the same secret is', () => {
    expect(text).toMatch(/^[\w-]+\.[\w-]+$/)
    expect(createCarrier('secret').read(upload, text)).toEqual(state)
  })

  it('is nothing to another upload, another repository and another secret', () => {
    expect(carrier.read({ ...upload, id: 'other' }, text)).toBeUndefined()
    expect(carrier.read({ ...upload, repository: 'team' }, text)).toBeUndefined()
    expect(createCarrier('other').read(upload, text)).toBeUndefined()
  })

  it('is good for an hour, by clocks that differ by a minute too', () => {
    const [given, minute] = [Date.now(), 60_000]
    const at = (ms: number) => createCarrier('secret', () => given + ms)
    const text = at(0).write(upload, state)
    for (const late of [-minute, 0, 58 * minute]) expect(at(late).read(upload, text)).toEqual(state)
    for (const late of [60, 61, 90, 24 * 60, 1e6]) {
      expect(at(late * minute).read(upload, text)).toBeUndefined()
    }
    const endless = createCarrier('secret', () => Number.NaN).write(upload, state)
    expect(carrier.read(upload, endless)).toBeUndefined()
  })

  const mallorys = { until: Date.now() + 60_000, state: { ...state, subject: 'mallory' } }
  const forged = Buffer.from(JSON.stringify(mallorys)).toString('base64url')
  it.each([
    ['changed', `${forged}.${mac}`],
    ['unsigned', `${forged}.`],
    ['without a dot', payload ?? ''],
    ['of registry:2', 'eyJOYW1lIjoiYSJ9rZc_Zw=='],
    ['too long', 'a'.repeat(100_000)],
    ['empty', ''],
  ])('is nothing when it is %s', (_what, other) => {
    expect(carrier.read(upload, other)).toBeUndefined()
  })
})

describeWith(['redis-server'], 'an upload whose state lies in Redis and with its client', () => {
  const cleanup = useCleanup()
  let server: RedisServer
  let redis: Redis
  let storage: StorageDriver
  let placing: Placing
  let changes: string[]
  const open = async () => {
    const opened = await openRedis(
      { addresses: [server.address], answerMs: 200 },
      { pauseMs: 20, required: false },
    )
    cleanup.add(opened.close)
    return opened
  }
  beforeEach(async () => {
    server = await useRedis(cleanup)
    redis = await open()
    const bucket = createInmemoryBucket(10)
    const inner = bucket.driver
    placing = bucket.placing
    changes = []
    storage = {
      ...inner,
      put(path, ...rest) {
        changes.push(`put ${path}`)
        return inner.put(path, ...rest)
      },
    }
  })
  const keyOf = (id: string) => `kura:upload:team/app:${id}`

  /** As another process would: of what was, it knows what Redis and storage say. */
  const uploadsOf = (own = redis) => {
    const { blobs, uploads } = createParts({
      storage,
      redis: own,
      bucket: { placing, carrier: createCarrier('secret') },
    })
    return { blobs, ...uploads }
  }
  const begin = () => uploadsOf().start('team/app', { subject: 'alice', algorithm: 'sha256' })
  /** As a client does, which goes on with what it was told last. */
  const append = async (to: AskedUpload, text: string, own = redis): Promise<AskedUpload> => ({
    ...to,
    ...(await uploadsOf(own).append(to, chunk(text))),
  })
  const shown = (text: string) => uploadsOf().blobs.find('team/app', digest(text))
  const forgotten = (to: AskedUpload) => ({ ...to, carried: undefined })
  const unknown = { reason: 'uploadUnknown' }

  it.each([['small'], ['larger than one part']])(
    'puts nothing into storage but its bytes and a link: %s',
    async (text) => {
      const whole = await append(await begin(), text)
      await uploadsOf().commit(whole, digest(text))
      expect(changes).toEqual([`put ${paths.layerLink('team/app', digest(text))}`])
      expect(await shown(text)).toMatchObject({ size: text.length })
      expect(await Array.fromAsync(storage.list(paths.uploads('team/app')))).toEqual([])
    },
  )

  const troubles: [what: string, trouble: () => Promise<unknown> | unknown][] = [
    ['is emptied', () => server.command('flushall')],
    ['is killed', () => server.destroy()],
    ['is frozen', () => server.freeze()],
    ['takes no writes', () => server.command('replicaof', '127.0.0.1', '1')],
    ['asks for a password', () => server.command('config', 'set', 'requirepass', 'new')],
  ]
  const texts: [string, string][] = [
    ['one ', 'two'],
    ['one larger than a part', 'two'],
    ['one ', 'two larger than a part'],
  ]
  it.each(troubles.flatMap(([...it]) => texts.map((text) => [...it, ...text] as const)))(
    'goes on when Redis %s before any step',
    async (_what, trouble, one, two) => {
      for (const before of ['append', 'commit'] as const) {
        let now = await begin()
        if (before === 'append') await trouble()
        now = await append(now, one, await open())
        now = await append(now, two)
        if (before === 'commit') await trouble()
        await uploadsOf(await open()).commit(now, digest(one + two))
        await uploadsOf().commit(now, digest(one + two))
        expect(await shown(one + two)).toMatchObject({ size: (one + two).length })
      }
    },
  )

  it('goes on for a client that lost its answer, from what Redis knows', async () => {
    const begun = await begin()
    await append(begun, 'one ')
    expect(await uploadsOf().progress(begun)).toMatchObject({ size: 4 })
    const whole = await append(begun, 'two')
    await uploadsOf().commit(begun, digest('one two'))
    await uploadsOf().commit(whole, digest('one two'))
    expect(await shown('one two')).toMatchObject({ size: 7 })
  })

  it('goes on from what its client knows when Redis is behind', async () => {
    const first = await append(await begin(), 'one ')
    const old = (await redis.get(keyOf(first.id))) ?? ''
    const second = await append(first, 'two')
    await redis.set(keyOf(first.id), old, 60_000)
    expect(await uploadsOf().progress(second)).toMatchObject({ size: 7 })
    await uploadsOf().commit(second, digest('one two'))
  })

  it('begins anew for a client whose answer nobody remembers', async () => {
    const begun = await begin()
    await append(begun, 'one ')
    await server.command('flushall')
    expect(await uploadsOf().progress(begun)).toMatchObject({ size: 0 })
    const whole = await append(begun, 'one two')
    await uploadsOf().commit(whole, digest('one two'))
  })

  it('is unknown when neither knows of it, and to who made it up', async () => {
    const begun = await begin()
    const id = { ...begun, id: 'another', carried: begun.carried }
    await expect(uploadsOf().progress(id)).rejects.toMatchObject(unknown)
    await server.command('flushall')
    await expect(uploadsOf().progress(forgotten(begun))).rejects.toMatchObject(unknown)
    expect(await uploadsOf().progress(begun)).toMatchObject({ size: 0 })
  })

  it('is not called unknown while Redis, which may know of it, is away', async () => {
    const begun = await begin()
    await server.destroy()
    const unavailable = { reason: 'unavailable' }
    await expect(uploadsOf().progress(forgotten(begun))).rejects.toMatchObject(unavailable)
    expect(await uploadsOf().progress(begun)).toMatchObject({ size: 0 })
  })

  it('stays that of who began it, whoever carries it', async () => {
    const others = { ...(await begin()), by: { name: 'bob' } }
    await expect(uploadsOf().progress(others)).rejects.toMatchObject(unknown)
    await server.command('flushall')
    await expect(uploadsOf().append(others, chunk('one'))).rejects.toMatchObject(unknown)
  })

  it.each(['cancel', 'commit'] as const)('is gone after %s, also for its client', async (how) => {
    const whole = await append(await begin(), 'larger than one part')
    if (how === 'cancel') await uploadsOf().cancel(whole)
    else await uploadsOf().commit(whole, digest('larger than one part'))
    await expect(uploadsOf().progress(whole)).rejects.toMatchObject(unknown)
    await expect(uploadsOf().append(whole, chunk('more'))).rejects.toMatchObject(unknown)
    expect(await storage.stat(paths.uploadData('team/app', whole.id))).toBeUndefined()
  })

  it('does not count bytes that storage did not take', async () => {
    const begun = await begin()
    const working = placing
    const place: Placing['place'] = async (_draft, bytes, { final }) => {
      for await (const _ of bytes);
      final()
      throw new Error('failed')
    }
    placing = { ...working, place }
    await expect(uploadsOf().append(begun, chunk('bytes'))).rejects.toThrow('failed')
    placing = working
    expect(await uploadsOf().progress(begun)).toMatchObject({ size: 0 })
    await uploadsOf().commit(await append(begun, 'bytes'), digest('bytes'))
  })

  it('that another registry began in storage goes on, and leaves nothing there', async () => {
    const id = 'b5a6f3f0-0000-4000-8000-000000000000'
    await storage.put(paths.uploadStarted('team/app', id), Buffer.from('2026-01-02T03:04:05Z'))
    const whole = await append({ repository: 'team/app', id, by: { name: 'alice' } }, 'bytes')
    await uploadsOf().commit(whole, digest('bytes'))
    expect(await Array.fromAsync(storage.list(paths.uploads('team/app')))).toEqual([])
  })
})
