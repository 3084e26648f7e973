/** The S3 driver at a service that is busy, slow or gone, for a moment and for longer. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { RegistryError, toRegistryError } from '../../../../registry/protocol/errors.ts'
import type { Call, StorageDriver } from '../../../../registry/storage/driver.ts'
import { createS3Storage, type S3Storage } from '../../../../registry/storage/s3/driver.ts'
import { type S3Limits, usualLimits } from '../../../../registry/storage/s3/options.ts'
import { bytesOf, fingerprint, source } from '../../../contract/bytes.ts'
import { startCeph } from '../../../support/ceph.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { type Fault, type FaultyService, startFaultyService } from './faults.ts'
import { makeBucket, s3Options } from './started.ts'

const megabyte = 1024 * 1024
const cleanup = useCleanup()
let service: FaultyService
beforeAll(async () => {
  const ceph = await startCeph(cleanup)
  await makeBucket(ceph.endpoint)
  service = await startFaultyService(cleanup, ceph)
})

let storage: S3Storage
let driver: StorageDriver
const patient = { ...usualLimits, stall: 500, attempts: 3 }
/** For what never answers. */
const impatient = { ...usualLimits, answer: 500, transfer: 3000 }
const openStorage = (limits: S3Limits) =>
  createS3Storage(s3Options(service.endpoint, { limits, rootdirectory: randomUUID() }))
const open = (limits: S3Limits) => openStorage(limits).driver
beforeEach(() => {
  service.plan(() => undefined)
  storage = openStorage(patient)
  driver = storage.driver
})
afterEach(() => driver.close())

const large = randomBytes(12 * megabyte)
const small = Buffer.from('value')
const lost = new RegistryError('unavailable')

/** Everything a driver does, with values of one part and of several. */
async function useAll(): Promise<void> {
  await driver.put('a/small', small)
  await driver.append('a/large', source([large]), { at: 0 })
  await driver.append('a/large', source([small]), { at: large.length })
  await driver.move('a/large', 'b/large')
  const found = await bytesOf(await driver.read('b/large'))
  expect(fingerprint(found)).toBe(fingerprint(Buffer.concat([large, small])))
  expect((await driver.get('a/small'))?.toString()).toBe('value')
  expect(await driver.stat('a/small')).toMatchObject({ size: 5 })
  expect(await Array.fromAsync(driver.list('a'))).toEqual([{ name: 'small', isFolder: false }])
  await driver.remove('b')
  expect(await driver.stat('b/large')).toBeUndefined()
}

describe('a moment', () => {
  const passing: Fault[] = ['slowDown', 'failed', 'reset', 'hang', 'loseAnswer']
  it.each(passing)('of %s, at each request once, goes unnoticed', async (fault) => {
    if (fault === 'hang') driver = open(impatient)
    const isQuick = (url: string) => !/partNumber|uploadId/.test(url)
    service.plan(({ count, url }) =>
      count === 1 && (fault !== 'hang' || isQuick(url)) ? fault : undefined,
    )
    await useAll()
    expect(service.seen.length).toBeGreaterThan(25)
  })

  it('in which an upload was completed unheard is told from one that is gone', async () => {
    const isLast = (url: string) => url.includes('uploadId=') && !url.includes('partNumber=')
    const then = (first: Fault) => {
      service.plan(({ method, url, count }) => {
        if (method !== 'POST' || !isLast(url)) return undefined
        return count === 1 ? first : 'unknownUpload'
      })
    }
    then('loseAnswer')
    expect(await driver.append('k', source([large]), { at: 0 })).toBe(large.length)
    expect(service.seen.filter((it) => it.startsWith('POST') && isLast(it))).toHaveLength(2)
    then('unknownUpload')
    await expect(driver.append('l', source([large]), { at: 0 })).rejects.toThrow('on purpose')
    expect(await driver.stat('l')).toBeUndefined()
  })

  it('of failure that comes with status 200 goes unnoticed', async () => {
    const completesOrCopies = /^POST .*uploadId=|^PUT .*x-id=CopyObject/
    service.plan(({ method, url, count }) =>
      completesOrCopies.test(`${method} ${url}`) && count === 1 ? 'failedWith200' : undefined,
    )
    await useAll()
    expect(service.seen.filter((it) => completesOrCopies.test(it))).toHaveLength(6)
  })

  const breaks: Fault[] = ['cutBody', 'stallBody']
  it.each(breaks)('of %s is made good by asking for the rest', async (fault) => {
    await driver.put('large', large)
    service.plan(({ count }) => (count <= 2 ? fault : undefined))
    const range = { first: 7, last: large.length - 9 }
    const found = await bytesOf(await driver.read('large', { range }))
    expect(fingerprint(found)).toBe(fingerprint(large.subarray(7, large.length - 8)))
    expect(service.seen.length).toBe(3)
  })

  it('is survived by all of many puts when one request in five fails', async () => {
    driver = open(usualLimits)
    let turn = 0
    service.plan(() => (++turn % 5 === 0 ? 'slowDown' : undefined))
    const names = Array.from({ length: 200 }, (_, at) => `many/${at}`)
    await Promise.all(names.map((name) => driver.put(name, small)))
    expect(await Array.fromAsync(driver.list('many'))).toHaveLength(200)
  })
})

describe('a change that is bound to what is there', () => {
  const bound = (headers: IncomingHttpHeaders) => headers['if-none-match'] ?? headers['if-match']
  const conditions: (string | undefined)[] = []
  const planForBound = (fault: (count: number) => Fault | undefined) => {
    conditions.length = 0
    service.plan(({ method, headers }) => {
      if (method === 'GET') return undefined
      conditions.push(bound(headers))
      return bound(headers) ? fault(conditions.length) : undefined
    })
  }
  const create = (path: string) => driver.replace(path, small, { over: undefined })

  it('is made all the same by a service that knows no such changes, and asked so only once', async () => {
    planForBound(() => 'notImplemented')
    expect(await create('k')).toBe(true)
    expect(await create('l')).toBe(true)
    expect(conditions).toEqual(['*', undefined, undefined])
    expect((await driver.get('l'))?.toString()).toBe('value')
    planForBound(() => 'notImplemented')
    const version = (await driver.getVersioned('l'))?.version ?? ''
    expect(await driver.removeVersion('l', { version })).toBe(true)
    expect(await driver.removeVersion('k', { version })).toBe(true)
    const withoutQuotes = version.slice(1, -1)
    expect(conditions).toEqual([version, withoutQuotes, undefined, undefined])
  })

  it('is tried with its condition again when what was not understood was something else', async () => {
    conditions.length = 0
    service.plan(({ headers }) => {
      conditions.push(bound(headers))
      return conditions.length <= 2 ? 'notImplemented' : undefined
    })
    await expect(create('k')).rejects.toMatchObject({ $metadata: { httpStatusCode: 501 } })
    expect(await create('k')).toBe(true)
    expect(conditions).toEqual(['*', undefined, '*'])
  })

  it('is not made by a service that compares one spelling and refuses the other', async () => {
    await driver.put('k', small)
    const version = (await driver.getVersioned('k'))?.version ?? ''
    await driver.put('k', Buffer.from('newer'))
    planForBound((count) => (count === 1 ? 'elsewise' : 'notImplemented'))
    expect(await driver.replace('k', small, { over: version })).toBe(false)
    expect(conditions).toEqual([version, version.replaceAll('"', '')])
    expect((await driver.get('k'))?.toString()).toBe('newer')
  })

  it('is not made while the service says that another one is under way', async () => {
    planForBound(() => 'justChanging')
    expect(await create('k')).toBe(false)
    expect(conditions).toEqual(['*'])
  })

  it('may be refused by its own success when the answer was lost', async () => {
    planForBound((count) => (count === 1 ? 'loseAnswer' : undefined))
    expect(await create('k')).toBe(false)
    expect((await driver.get('k'))?.toString()).toBe('value')
    expect(conditions).toEqual(['*', '*'])
  })
})

const leased: [what: string, request: RegExp, change: (call: Call) => Promise<unknown>][] = [
  ['a copy', /^PUT .*x-id=CopyObject/, (call) => driver.move('folder/a', 'b', call)],
  ['parts', /^POST .*uploadId=/, (call) => driver.append('k', source([large]), { at: 0, ...call })],
  ['a removal', /^POST .*[?&]delete/, (call) => driver.remove('folder', call)],
]
it.each(leased)('without a lease, %s: not sent, and not again', async (_, wanted, change) => {
  for (const name of ['a', 'b', 'c']) await driver.put(`folder/${name}`, small)
  for (const attempts of [0, 1]) {
    const lease = new AbortController()
    if (attempts === 0) lease.abort(lost)
    service.plan(({ method, url }) => {
      if (!wanted.test(`${method} ${url}`)) return undefined
      lease.abort(lost)
      return 'slowDown'
    })
    await expect(change({ fence: { check: () => lease.signal.throwIfAborted() } })).rejects.toBe(
      lost,
    )
    expect(service.seen.filter((it) => wanted.test(it))).toHaveLength(attempts)
  }
})

describe('a failure that stays', () => {
  const lasting: Fault[] = ['slowDown', 'failed', 'reset', 'hang']
  it.each(lasting)('(%s) is thrown as such, and clients hear when to come again', async (fault) => {
    if (fault === 'hang') driver = open({ ...patient, answer: 200, transfer: 200 })
    service.plan(() => fault)
    const attempts: (() => Promise<unknown>)[] = [
      () => driver.put('k', small),
      () => driver.get('k'),
      () => driver.append('k', source(['x']), { at: 0 }),
      () => driver.list('k')[Symbol.asyncIterator]().next(),
      () => driver.remove('k'),
      () => driver.replace('k', small, { over: undefined }),
      () => driver.removeVersion('k', { version: '"x"' }),
    ]
    for (const attempt of attempts) {
      const error = await attempt().then(String, (reason: Error) => reason)
      expect(error).toMatchObject({
        code: 'EUNAVAILABLE',
        message: expect.stringMatching(/^the S3 service failed/),
      })
      expect(String(error)).not.toContain('test-secret')
      const headers = { 'Retry-After': expect.stringMatching(/^\d+$/) }
      expect(toRegistryError(error)).toMatchObject({ status: 503, headers })
    }
  })

  it('of room is no passing one, and clients hear 507', async () => {
    service.plan(({ method }) => (method === 'PUT' ? 'full' : undefined))
    const error = await driver.put('k', small).then(String, (reason: Error) => reason)
    expect(error).toMatchObject({ code: 'EDQUOT' })
    expect(toRegistryError(error)).toMatchObject({ status: 507, headers: {} })
    expect(service.seen).toHaveLength(1)
  })

  it('leaves the old value and nothing unfinished behind an append', async () => {
    await driver.append('k', source([large]), { at: 0 })
    service.plan(({ url }) => (url.includes('partNumber=3') ? 'slowDown' : undefined))
    const more = source([large, large])
    await expect(driver.append('k', more, { at: large.length })).rejects.toMatchObject({
      code: 'EUNAVAILABLE',
    })
    expect(await driver.stat('k')).toMatchObject({ size: large.length })
    expect(await storage.removeUnfinished(new Date(Date.now() + 60_000))).toBe(0)
  })

  it('of removing many at once is met by removing one by one', async () => {
    for (const name of ['a', 'b', 'c']) await driver.put(`folder/${name}`, small)
    service.plan(({ url }) => (/[?&]delete/.test(url) ? 'notImplemented' : undefined))
    await driver.remove('folder')
    expect(await Array.fromAsync(driver.list('folder'))).toEqual([])
  })
})
