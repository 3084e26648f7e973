/** A bucket at start, before anything is served from it, and the form of all requests to it. */
import type { IncomingHttpHeaders } from 'node:http'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { storageFrom } from '../../../../assembly/storage.ts'
import { loadConfig } from '../../../../config/load.ts'
import { openStorage } from '../../../../registry/storage/open.ts'
import { createS3Storage } from '../../../../registry/storage/s3/driver.ts'
import { type S3Options, usualLimits } from '../../../../registry/storage/s3/options.ts'
import { createWorkshop } from '../../../gateway/listen/openssl.ts'
import { type Ceph, cephKeys, startCeph } from '../../../support/ceph.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { findFreePort } from '../../../support/ports.ts'
import { startFaultyService } from './faults.ts'
import { makeBucket, s3Options } from './started.ts'

const cleanup = useCleanup()
let ceph: Ceph
beforeAll(async () => {
  ceph = await startCeph(cleanup)
  await makeBucket(ceph.endpoint)
})

const limits = { ...usualLimits, attempts: 2 }

async function open(changes: Partial<S3Options> = {}) {
  const said: string[] = []
  const options = s3Options(ceph.endpoint, { rootdirectory: 'root', limits, ...changes })
  const { driver } = await openStorage({ driver: 's3', ...options }, (it) => said.push(it))
  cleanup.add(driver.close)
  return { driver, said }
}

it('opens a bucket that can be used, and leaves nothing in it', async () => {
  const { driver, said } = await open()
  expect(await Array.fromAsync(driver.list(''))).toEqual([])
  expect(said).toEqual([])
})

it.each([true, false])(
  'opens one with forcepathstyle %s, as earlier registries did',
  async (forced) => {
    await open({ forcepathstyle: forced })
    await open({ forcepathstyle: forced, v4auth: false })
    const host = ceph.endpoint.replace('http://', '')
    await open({ forcepathstyle: forced, regionendpoint: host, secure: false })
  },
)

it('writes nothing where nothing may be written', async () => {
  const service = await startFaultyService(cleanup, ceph)
  await open({ regionendpoint: service.endpoint, readOnly: true })
  expect(service.seen.filter((it) => !/^(?:GET|HEAD) /.test(it))).toEqual([])
})

describe('refuses to start, and says why and which setting to change, with', () => {
  const rows: [what: string, changes: () => Partial<S3Options>, why: RegExp][] = [
    [
      'an unknown access key',
      () => ({ accesskey: 'nobody' }),
      /does not know the access key.*STORAGE_S3_ACCESSKEY.*InvalidAccessKeyId, status 403/,
    ],
    [
      'a wrong secret key',
      () => ({ secretkey: 'a-secret' }),
      /refuses the signature: check storage\.s3\.secretkey .*SignatureDoesNotMatch/,
    ],
    [
      'a bucket that is not there',
      () => ({ bucket: 'absent' }),
      /no such bucket.*STORAGE_S3_BUCKET/,
    ],
    ['a host that does not exist', () => ({ regionendpoint: 'kura.invalid' }), /REGIONENDPOINT/],
    ['one key without the other', () => ({ secretkey: '' }), /SECRETKEY\) is missing/],
    ['an unknown access list', () => ({ objectacl: 'all' }), /"all": allowed are .*private/],
    ['version 2 at Amazon', () => ({ v4auth: false, regionendpoint: undefined }), /V4AUTH/],
  ]
  it.each(rows)('%s', async (_what, changes, why) => {
    const error = await open(changes()).then(String, (reason: Error) => reason)
    expect(error).toMatchObject({ message: expect.stringMatching(why) })
    expect(String(error)).not.toMatch(/test-secret|a-secret/)
  })

  it('nobody listening', async () => {
    const regionendpoint = `127.0.0.1:${await findFreePort()}`
    const why = /at https:\/\/127\.0\.0\.1:\d+ cannot be used: it cannot be reached.*ECONNREFUSED/
    await expect(open({ regionendpoint })).rejects.toThrow(why)
  })

  it('a service that does not answer', async () => {
    const service = await startFaultyService(cleanup, ceph)
    service.plan(() => 'hang')
    const impatient = { ...limits, answer: 200 }
    const opening = open({ regionendpoint: service.endpoint, limits: impatient })
    await expect(opening).rejects.toThrow(/cannot be reached.*ETIMEDOUT/)
  })

  it('a service without TLS where TLS is expected', async () => {
    const regionendpoint = ceph.endpoint.replace('http:', 'https:')
    await expect(open({ regionendpoint })).rejects.toThrow(/storage\.s3\.secure .* false/)
  })

  it('a certificate that nobody vouches for, unless told to skip that', async () => {
    const workshop = createWorkshop()
    cleanup.add(async () => workshop.remove())
    const { pem, keyPem } = workshop.make({ name: 'self' })
    const tls = { cert: pem, key: keyPem }
    const { endpoint: regionendpoint, plan } = await startFaultyService(cleanup, { ...ceph, tls })
    const opening = open({ regionendpoint })
    await expect(opening).rejects.toThrow(/NODE_EXTRA_CA_CERTS.*STORAGE_S3_SKIPVERIFY/)
    await open({ regionendpoint, skipverify: true })
    await open({ regionendpoint, skipverify: true, v4auth: false })
    plan(({ method }) => (method === 'PUT' ? 'denied' : undefined))
    const refused = open({ regionendpoint, skipverify: true })
    await expect(refused).rejects.toThrow(/they need s3:ListBucket.*AccessDenied, status 403/)
  })
})

it.each([true, false])(
  'sends with its own means as the SDK does, with TLS: %s',
  async (withTls) => {
    const workshop = createWorkshop()
    cleanup.add(async () => workshop.remove())
    const { pem, keyPem } = workshop.make({ name: 'self' })
    const tls = { cert: pem, key: keyPem }
    const service = await startFaultyService(cleanup, { ...ceph, ...(withTls && { tls }) })
    const useragent = 'some-agent'
    const { driver } = await open({ regionendpoint: service.endpoint, skipverify: true, useragent })
    const sent = new Map<string, IncomingHttpHeaders>()
    service.plan(({ method, url, headers }) => {
      sent.set(url.includes('list-type') ? 'SDK' : method, headers)
      return undefined
    })
    await driver.put('k', Buffer.from('value'))
    await Array.fromAsync(driver.list(''))
    for (const sender of ['PUT', 'SDK']) {
      const { 'user-agent': agent, 'x-amz-content-sha256': payload } = sent.get(sender) ?? {}
      expect([sender, agent]).toEqual([sender, expect.stringContaining(useragent)])
      const payloads = withTls ? /^UNSIGNED-PAYLOAD$/ : /^[0-9a-f]{64}$/
      expect([sender, payload]).toEqual([sender, expect.stringMatching(payloads)])
    }
    await driver.remove('k')
  },
)

it('reports each call once, with its status and its attempts', async () => {
  const service = await startFaultyService(cleanup, ceph)
  const told: unknown[] = []
  const options = s3Options(service.endpoint, { limits, loglevel: 'debug' })
  const { driver } = createS3Storage(options, (_, facts) => told.push(facts))
  cleanup.add(driver.close)
  service.plan(({ method, count }) => {
    if (method === 'PUT') return count === 1 ? 'slowDown' : undefined
    return method === 'GET' ? 'denied' : undefined
  })
  await driver.put('k', Buffer.from('value'))
  await expect(driver.get('k')).rejects.toThrow()
  await expect(Array.fromAsync(driver.list(''))).rejects.toThrow()
  await driver.remove('k').catch(() => {})
  const ms = expect.any(Number)
  expect(told.slice(0, 3)).toEqual([
    { command: 'PutObject', key: 'k', status: 200, attempts: 2, ms },
    { command: 'GetObject', key: 'k', status: 403, attempts: 1, ms },
    { command: 'ListObjectsV2Command', key: undefined, status: 403, attempts: 1, ms },
  ])
})

it('rests for as long as the service asks, whether it sends by its own means or the SDK', async () => {
  const service = await startFaultyService(cleanup, ceph)
  const { driver } = await open({ regionendpoint: service.endpoint })
  const calls = [
    () => driver.put('k', Buffer.from('value')),
    () => Array.fromAsync(driver.list('')),
  ]
  for (const call of calls) {
    const at: number[] = []
    service.plan(({ count }) => {
      at.push(performance.now())
      return count === 1 ? 'slowDownForLong' : undefined
    })
    await call()
    expect(at).toHaveLength(2)
    // Less than a second, as timers may be early; without a word of the service it is a tenth.
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThan(900)
  }
  service.plan(() => undefined)
  await driver.remove('k')
})

it('allows for a clock that is wrong', async () => {
  const now = Date.now
  Date.now = () => now() + 60 * 60 * 1000
  try {
    const service = await startFaultyService(cleanup, ceph)
    const { driver } = await open({ regionendpoint: service.endpoint })
    expect(service.seen.length).toBeGreaterThan(7)
    await driver.put('k', Buffer.from('value'))
    await driver.remove('k')
  } finally {
    Date.now = now
  }
})

it('is opened with what the configuration says', async () => {
  const written = { ...cephKeys, bucket: 'registry', regionendpoint: ceph.endpoint }
  const variables = Object.entries(written).map(
    ([key, value]) => [`REGISTRY_STORAGE_S3_${key.toUpperCase()}`, value] as const,
  )
  const { config } = await loadConfig({ env: Object.fromEntries(variables) })
  const { driver } = await openStorage(storageFrom(config))
  expect(await driver.stat('absent')).toBeUndefined()
  await driver.close()
})

it('says which settings do nothing at a service of another maker', async () => {
  const { said } = await open({ accelerate: true, usedualstack: true })
  expect(said.map((it) => it.split(' ')[0])).toEqual([
    'storage.s3.usedualstack',
    'storage.s3.accelerate',
  ])
})
