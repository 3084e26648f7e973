/** Upload states in Redis and beside the data: whatever Redis forgets or says, no push fails of it. */
import { beforeEach, expect, it } from '@jest/globals'
import { paths } from '../../../registry/content/paths.ts'
import { digestOf } from '../../../registry/protocol/digest.ts'
import { openRedis, type Redis } from '../../../registry/redis/open.ts'
import type { StorageDriver } from '../../../registry/storage/driver.ts'
import { createInmemoryDriver } from '../../../registry/storage/memory.ts'
import { createUploadStateRedis } from '../../../registry/uploads/disk/state-redis.ts'
import type { UploadState } from '../../../registry/uploads/record.ts'
import { createUploadStateFiles } from '../../../registry/uploads/state-files.ts'
import type { UploadStates } from '../../../registry/uploads/store.ts'
import { source } from '../../contract/bytes.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { createParts } from '../../support/parts.ts'
import { until } from '../../support/processes.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, useRedis } from '../../support/redis.ts'

const digest = (text: string) => digestOf('sha256', Buffer.from(text))
const chunk = (text: string) => ({ source: source([text]), range: undefined })
const state: UploadState = {
  subject: 'alice',
  startedAt: new Date('2026-01-02T03:04:05Z'),
  algorithm: 'sha512',
  received: { size: 3, changedAt: new Date('2026-01-02T03:04:06.789Z'), digests: [digest('abc')] },
}
const nowhere: UploadStates = {
  find: async () => {
    throw new Error('the files were asked')
  },
  save: async () => {},
  end: async () => {},
}

describeWith(['redis-server'], 'an upload state', () => {
  const cleanup = useCleanup()
  let server: RedisServer
  let redis: Redis
  let storage: StorageDriver
  const open = async () => {
    const opened = await openRedis(
      { addresses: [server.address], answerMs: 500 },
      { pauseMs: 20, required: false },
    )
    cleanup.add(opened.close)
    return opened
  }
  beforeEach(async () => {
    server = await useRedis(cleanup)
    redis = await open()
    storage = createInmemoryDriver()
  })
  const statesOf = (own = redis) =>
    createUploadStateRedis({ redis: own, files: createUploadStateFiles(storage) })
  const keysOf = (id: string) => `kura:upload:team/app:${id}`

  it('is read from Redis alone when Redis has it', async () => {
    await statesOf().save('team/app', 'id', state)
    const states = createUploadStateRedis({ redis, files: nowhere })
    expect(await states.find('team/app', 'id')).toEqual(state)
    const bare = { ...state, subject: undefined, received: undefined }
    await states.save('team/app', 'bare', bare)
    expect(await states.find('team/app', 'bare')).toEqual(bare)
  })

  it('is nothing in another repository', async () => {
    await statesOf().save('team/app', 'id', state)
    expect(await statesOf().find('team/other', 'id')).toBeUndefined()
  })

  it('is kept for a day from its last change', async () => {
    await statesOf().save('team/app', 'id', state)
    const left = Number(await server.command('pttl', keysOf('id')))
    expect(left).toBeGreaterThan(86_000_000)
    expect(left).toBeLessThanOrEqual(86_400_000)
  })

  it('is not answered for before it lies beside the data', async () => {
    const failing = { ...nowhere, save: () => Promise.reject(new Error('the disk is full')) }
    const states = createUploadStateRedis({ redis, files: failing })
    await expect(states.save('team/app', 'id', state)).rejects.toThrow('the disk is full')
  })

  const strange: [what: string, text: string][] = [
    ['of a later version', '{"version":2,"state":{"gone":true}}'],
    ['without its parts', '{"version":1,"state":{}}'],
    ['that is no JSON', 'x'],
  ]
  it.each(strange)('is read beside the data where Redis has one %s', async (_what, text) => {
    const start = { ...state, received: undefined }
    await statesOf().save('team/app', 'id', start)
    await redis.set(keysOf('id'), text, 60_000)
    expect(await statesOf().find('team/app', 'id')).toEqual(start)
    await redis.set(keysOf('none'), text, 60_000)
    expect(await statesOf().find('team/app', 'none')).toBeUndefined()
  })

  it('that is of another type in Redis does no harm either', async () => {
    await statesOf().save('team/app', 'id', { ...state, received: undefined })
    await server.command('del', keysOf('id'))
    await server.command('lpush', keysOf('id'), 'x')
    expect(await statesOf().find('team/app', 'id')).toMatchObject({ subject: 'alice' })
  })

  it('goes from both places when it is forgotten', async () => {
    const states = statesOf()
    await states.save('team/app', 'id', state)
    await states.end('team/app', 'id')
    expect(await redis.get(keysOf('id'))).toBeNull()
  })

  it('that Redis could not be told about is taken from it once it answers again', async () => {
    const states = statesOf()
    for (const id of ['changed', 'ended']) {
      await states.save('team/app', id, { ...state, received: undefined })
    }
    server.freeze()
    await states.end('team/app', 'ended')
    await states.save('team/app', 'changed', { ...state, subject: 'bob', received: undefined })
    expect(await states.find('team/app', 'changed')).toMatchObject({ subject: 'bob' })
    server.thaw()
    while (!redis.isAvailable()) await new Promise(setImmediate)
    expect(await states.find('team/app', 'changed')).toMatchObject({ subject: 'bob' })
    await until(
      async () => (await server.command('exists', keysOf('changed'), keysOf('ended'))) === '0\n',
    )
  })

  const uploadsOf = (own = redis) => {
    const { blobs, uploads } = createParts({ storage, redis: own })
    return { blobs, ...uploads }
  }
  const begin = () => uploadsOf().start('team/app', { subject: 'alice', algorithm: 'sha256' })

  const troubles: [what: string, trouble: () => Promise<unknown> | unknown][] = [
    ['is emptied', () => server.command('flushall')],
    ['is killed', () => server.destroy()],
    ['is frozen', () => server.freeze()],
    ['takes no writes', () => server.command('replicaof', '127.0.0.1', '1')],
    ['asks for a password', () => server.command('config', 'set', 'requirepass', 'new')],
    ['answers two seconds late', () => server.command('client', 'pause', '2000')],
  ]
  it.each(troubles)('costs no push when Redis %s before any step', async (_what, trouble) => {
    for (const before of ['append', 'commit'] as const) {
      const upload = await begin()
      if (before === 'append') await trouble()
      await uploadsOf(await open()).append(upload, chunk('one '))
      await uploadsOf().append(upload, chunk('two'))
      if (before === 'commit') await trouble()
      await uploadsOf(await open()).commit(upload, digest('one two'))
      await uploadsOf().commit(upload, digest('one two'))
      expect(await uploadsOf().blobs.find('team/app', digest('one two'))).toMatchObject({ size: 7 })
    }
  })

  it('that is older in Redis than the data costs a second reading and nothing more', async () => {
    const upload = await begin()
    await uploadsOf().append(upload, chunk('one '))
    const old = (await redis.get(keysOf(upload.id))) ?? ''
    await uploadsOf().append(upload, chunk('two'))
    await redis.set(keysOf(upload.id), old, 60_000)
    expect(await uploadsOf().progress(upload)).toMatchObject({ size: 7 })
    const early = uploadsOf().commit(upload, digest('one '))
    await expect(early).rejects.toMatchObject({ reason: 'digestMismatch' })
    await uploadsOf().commit(upload, digest('one two'))
  })

  it('that outlives its upload in Redis brings nothing back', async () => {
    const upload = await begin()
    await uploadsOf().append(upload, chunk('bytes'))
    const old = (await redis.get(keysOf(upload.id))) ?? ''
    await uploadsOf().commit(upload, digest('bytes'))
    await redis.set(keysOf(upload.id), old, 60_000)

    // The client whose answer got lost hears the same again, and nobody gets what was not sent.
    await uploadsOf().commit(upload, digest('bytes'))
    await redis.set(keysOf(upload.id), old, 60_000)
    const other = uploadsOf().commit(upload, digest('other'))
    await expect(other).rejects.toMatchObject({ reason: 'digestMismatch' })
    await uploadsOf().append(upload, chunk('other'))
    await uploadsOf().commit(upload, digest('other'))
    expect(await uploadsOf().blobs.find('team/app', digest('other'))).toMatchObject({ size: 5 })
    expect(await uploadsOf().blobs.find('team/app', digest('bytes'))).toMatchObject({ size: 5 })
    expect(await storage.get(paths.blob(digest('bytes')))).toEqual(Buffer.from('bytes'))
  })
})
