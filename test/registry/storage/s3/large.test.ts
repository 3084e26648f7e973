/** The S3 driver with much of everything: bytes, parts, names, readers. */
import { randomBytes, randomUUID } from 'node:crypto'
import { CreateMultipartUploadCommand, ListPartsCommand } from '@aws-sdk/client-s3'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import type { StorageDriver } from '../../../../registry/storage/driver.ts'
import { createS3Storage } from '../../../../registry/storage/s3/driver.ts'
import { type S3Options, usualLimits } from '../../../../registry/storage/s3/options.ts'
import { bytesOf, fingerprint, source } from '../../../contract/bytes.ts'
import { type Ceph, startCeph } from '../../../support/ceph.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { startFaultyService } from './faults.ts'
import { makeBucket, rawClient, s3Options } from './started.ts'

const megabyte = 1024 * 1024
const cleanup = useCleanup()
let ceph: Ceph
beforeAll(async () => {
  ceph = await startCeph(cleanup)
  await makeBucket(ceph.endpoint)
})

let driver: StorageDriver
let root = ''
const calls: string[] = []
const openStorage = (changes: Partial<S3Options> = {}) =>
  createS3Storage(
    s3Options(ceph.endpoint, { rootdirectory: root, loglevel: 'debug', ...changes }),
    (_message, { command } = {}) => calls.push(`${command}`.replace('Command', '')),
  )
const open = (changes?: Partial<S3Options>) => openStorage(changes).driver
beforeEach(() => {
  root = randomUUID()
  driver = open()
  calls.length = 0
})
afterEach(() => driver.close())

const inParts = ['UploadPartCopy', 'UploadPartCopy', 'UploadPartCopy']
const isWhole = (method: string, url: string) => method === 'PUT' && !url.includes('partNumber')
const counted = (name: string) => calls.filter((it) => it === name).length

describe('bytes', () => {
  it('up to one part are put in one request', async () => {
    await driver.append('k', source([Buffer.alloc(megabyte), Buffer.alloc(megabyte)]), { at: 0 })
    expect(calls).toEqual(['HeadObject', 'PutObject'])
  })

  it('of more are sent in parts of exactly one size, and keep their order', async () => {
    const whole = randomBytes(23 * megabyte + 5)
    expect(await driver.append('k', source([whole]), { at: 0 })).toBe(whole.length)
    expect(counted('UploadPart')).toBe(5)
    expect(fingerprint((await driver.get('k')) ?? small)).toBe(fingerprint(whole))
  })

  it('that are there already are copied in the store when more are added', async () => {
    const whole = randomBytes(23 * megabyte + 5)
    const at = 11 * megabyte
    await driver.append('k', source([whole.subarray(0, at)]), { at: 0 })
    calls.length = 0
    expect(await driver.append('k', source([whole.subarray(at)]), { at })).toBe(whole.length)
    expect([counted('UploadPartCopy'), counted('UploadPart')]).toEqual([2, 3])
    expect(fingerprint((await driver.get('k')) ?? small)).toBe(fingerprint(whole))
  })

  it('that break off behind several parts stay, in order', async () => {
    const whole = randomBytes(12 * megabyte)
    const broken = source([whole], new Error('client left'))
    await expect(driver.append('k', broken, { at: 0 })).rejects.toThrow('client left')
    expect(fingerprint((await driver.get('k')) ?? small)).toBe(fingerprint(whole))
    await expect(
      driver.append('k', source([], new Error('again')), { at: whole.length }),
    ).rejects.toThrow('again')
    expect(await driver.stat('k')).toMatchObject({ size: whole.length })
  })

  const ways: [how: string, service: { hides?: string; refuses?: true }, copies: string[]][] = [
    ['in one step where that moves no byte', {}, ['CopyObject']],
    ['in parts side by side elsewhere', { hides: 'x-rgw-object-type' }, inParts],
    ['in parts where one step is refused', { refuses: true }, ['CopyObject', ...inParts]],
  ]
  it.each(ways)('are moved %s, without coming here', async (_how, { refuses, ...it }, copies) => {
    const service = await startFaultyService(cleanup, { port: ceph.port, ...it })
    if (refuses) service.plan(({ method, url }) => (isWhole(method, url) ? 'tooLarge' : undefined))
    const whole = randomBytes(12 * megabyte)
    await driver.put('from', whole)
    const other = open({ regionendpoint: service.endpoint })
    calls.length = 0
    await other.move('from', 'to')
    expect(calls.filter((it) => /Copy|Get/.test(it))).toEqual(copies)
    expect(fingerprint((await other.get('to')) ?? small)).toBe(fingerprint(whole))
    expect(await other.stat('from')).toBeUndefined()
    await other.close()
  })

  it('are never all in memory', async () => {
    const chunk = randomBytes(megabyte / 16)
    let most = 0
    async function* many() {
      for (let count = 0; count < 256 * 16; count++) {
        if (count % 64 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers)
        yield chunk
      }
    }
    const before = process.memoryUsage().arrayBuffers
    expect(await driver.append('k', many(), { at: 0 })).toBe(256 * megabyte)
    // Three parts, and what the collector has not noticed yet.
    expect((most - before) / megabyte).toBeLessThan(64)
    await driver.remove('k')
  })
})

const small = Buffer.from('x')

describe('names', () => {
  it('of many pages come in byte order, folders too, whatever they have in common', async () => {
    // Folder `v` and `v-1` stand behind all of `v-…` and `v-1.…` in the order of keys.
    const ordinary = Array.from({ length: 1500 }, (_, at) => `v-1.${at}`)
    const folders = ['v', 'v-1', 'v-1.1', 'a', 'w', 'v-1.1499', 'v-2']
    const values = [...ordinary, 'v!', 'v0', 'b']
    const paths = [...folders.map((name) => `${name}/x`), ...values]
    const names = [...new Set([...folders, ...values])].sort()
    await Promise.all(paths.map((path) => driver.put(`many/${path}`, small)))
    const found = await Array.fromAsync(driver.list('many'))
    expect([...new Set(found.map((it) => it.name))]).toEqual(names)
    expect(found.filter((it) => it.isFolder).map((it) => it.name)).toEqual(folders.sort())

    for (const after of ['v', 'v-1', 'v-1.77', 'v-1.999', 'zzz']) {
      const rest = await Array.fromAsync(driver.list('many', { after }))
      expect([...new Set(rest.map((it) => it.name))]).toEqual(names.filter((it) => it > after))
    }

    await driver.put('many-more', small)
    await driver.remove('many')
    expect(await Array.fromAsync(driver.list('many'))).toEqual([])
    expect(await driver.stat('many-more')).toBeDefined()
  })

  it('may hold whatever a key may hold', async () => {
    const name = 'a b+c%2F&d=é~/$x@:,;?#'
    await driver.put(name, small)
    await driver.move(name, `to ${name}`)
    expect((await driver.get(`to ${name}`))?.toString()).toBe('x')
    expect(await Array.fromAsync(driver.list('to a b+c%2F&d=é~'))).toHaveLength(1)
  })
})

it('gives back the connections of readers that stop, abort or never begin', async () => {
  const limits = {
    ...usualLimits,
    sockets: 4,
    answer: 5000,
    transfer: 5000,
    stall: 200,
    attempts: 1,
  }
  const narrow = open({ limits })
  await narrow.put('k', randomBytes(8 * megabyte))
  const controller = new AbortController()
  const call = { signal: controller.signal }

  for (let round = 0; round < 4; round++) {
    for await (const _ of (await narrow.read('k')) ?? []) break
  }
  const aborted = await Promise.all(Array.from({ length: 4 }, () => narrow.read('k', call)))
  controller.abort()
  const forgotten = await Promise.all(Array.from({ length: 4 }, () => narrow.read('k')))
  expect(await bytesOf(await narrow.read('k'))).toHaveLength(8 * megabyte)

  // A reader that begins late asks for the object anew.
  expect(await bytesOf(forgotten[0])).toHaveLength(8 * megabyte)
  await expect(bytesOf(aborted[0])).rejects.toThrow()
  await narrow.close()
})

it('finds and ends uploads in parts that a crash has cut off', async () => {
  const client = rawClient(ceph.endpoint)
  const place = { Bucket: 'registry', Key: `${root}/docker/upload` }
  const elsewhere = { Bucket: 'registry', Key: `${root}-other/upload` }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(place))
  const { UploadId: other } = await client.send(new CreateMultipartUploadCommand(elsewhere))
  const { driver: own, removeUnfinished } = openStorage()
  expect(await removeUnfinished(new Date(Date.now() - 60_000))).toBe(0)
  expect(await removeUnfinished(new Date(Date.now() + 60_000))).toBe(1)
  const parts = client.send(new ListPartsCommand({ ...place, UploadId }))
  await expect(parts).rejects.toMatchObject({ $metadata: { httpStatusCode: 404 } })
  await client.send(new ListPartsCommand({ ...elsewhere, UploadId: other }))
  client.destroy()
  await own.close()
})
