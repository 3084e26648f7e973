/** What is said of a bucket at start, before anything is served from it. */
import { beforeAll, describe, expect, it } from '@jest/globals'
import { storageFrom } from '../../../../assembly/storage.ts'
import { loadConfig } from '../../../../config/load.ts'
import { openStorage } from '../../../../registry/storage/open.ts'
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
