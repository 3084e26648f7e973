/** URLs for clients, signed with either version, at a real service and read as a client reads them. */
import { randomBytes, randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { createS3Storage } from '../../../../../registry/storage/s3/driver.ts'
import type { UrlOptions } from '../../../../../registry/storage/s3/objects/presign.ts'
import type { S3Options } from '../../../../../registry/storage/s3/options.ts'
import { type Ceph, cephKeys, startCeph } from '../../../../support/ceph.ts'
import { useCleanup } from '../../../../support/cleanup.ts'
import { startForwarder } from '../../../../support/forwarder.ts'
import { send } from '../../../../support/http.ts'
import { makeBucket, s3Options } from '../started.ts'

const cleanup = useCleanup()
let ceph: Ceph
beforeAll(async () => {
  ceph = await startCeph(cleanup)
  await makeBucket(ceph.endpoint)
})

const bytes = randomBytes(100_000)
const path = 'docker/registry/v2/blobs/sha256/ab/abc/data'
const minutes = 60_000

type Changes = Partial<S3Options & UrlOptions>

function open(changes: Changes = {}) {
  const storage = createS3Storage({ ...s3Options(ceph.endpoint), ...changes })
  cleanup.add(storage.driver.close)
  return storage
}

/** The URL of a value that is there, as it would have been made at another time. */
async function makeUrl(changes: Changes, at = Date.now()): Promise<string> {
  const { driver, findUrl } = open({ rootdirectory: randomUUID(), ...changes })
  await driver.put(path, bytes)
  const now = Date.now
  Date.now = () => at
  try {
    return (await findUrl(path, { size: bytes.length })) ?? 'none'
  } finally {
    Date.now = now
  }
}

describe.each([true, false])('a URL for clients, signed with version 4: %s', (v4auth) => {
  it.each(['', 'some/where', "odd & (even)/100%+'*!~ä"])(
    'gives the bytes to whoever has it, below %p',
    async (rootdirectory) => {
      const answer = await send('GET', await makeUrl({ v4auth, rootdirectory }))
      expect(answer.status).toBe(200)
      expect(answer.body.equals(bytes)).toBe(true)
      expect(answer.headers['content-type']).toBe('application/octet-stream')
    },
  )

  it.each([
    ['bytes=10-19', 10, 20],
    ['bytes=99990-', 99_990, 100_000],
    ['bytes=-5', 99_995, 100_000],
  ])('gives the range %s', async (Range, from, to) => {
    const answer = await send('GET', await makeUrl({ v4auth }), { headers: { Range } })
    expect(answer.status).toBe(206)
    expect(answer.body).toEqual(bytes.subarray(from, to))
  })

  it('is good for 20 minutes', async () => {
    const then = (ago: number) => makeUrl({ v4auth }, Date.now() - ago * minutes)
    expect((await send('GET', await then(14))).status).toBe(200)
    expect((await send('GET', await then(21))).status).toBe(403)
  })

  it('is good for as long as was asked', async () => {
    const then = (ago: number) =>
      makeUrl({ v4auth, urlLifetimeMs: 5 * minutes }, Date.now() - ago * minutes)
    expect((await send('GET', await then(4))).status).toBe(200)
    expect((await send('GET', await then(6))).status).toBe(403)
  })

  it.each(['secretkey', 'accesskey'] as const)('is of no use with a wrong %s', async (key) => {
    const { findUrl } = open({ v4auth, [key]: 'wrong' })
    const url = await findUrl(path, { size: 1 })
    expect((await send('GET', url ?? '')).status).toBe(403)
  })

  it('gives nothing but the one value, and only to be read', async () => {
    const url = await makeUrl({ v4auth })
    expect((await send('GET', url.replace('/abc/', '/abd/'))).status).toBe(403)
    expect((await send('PUT', url, { body: 'other' })).status).toBe(403)
    expect((await send('DELETE', url)).status).toBe(403)
    expect((await send('GET', url)).body.equals(bytes)).toBe(true)
  })

  it('is made for what is not there, too, without asking', async () => {
    const url = await open({ v4auth }).findUrl('absent', { size: 1 })
    expect((await send('GET', url ?? '')).status).toBe(404)
  })

  it('leads to the address that clients know', async () => {
    const { port } = await startForwarder(cleanup, ceph)
    const redirectendpoint = `http://localhost:${port}`
    const url = await makeUrl({ v4auth, redirectendpoint })
    expect(url).toMatch(new RegExp(`^${redirectendpoint}/registry/`))
    expect((await send('GET', url)).body.equals(bytes)).toBe(true)
  })

  it('shows the time of the service where our own clock is wrong', async () => {
    const { driver, findUrl } = open({ v4auth, rootdirectory: randomUUID() })
    const now = Date.now
    Date.now = () => now() - 60 * minutes
    try {
      await driver.put(path, bytes)
      const url = await findUrl(path, { size: bytes.length })
      expect((await send('GET', url ?? '')).status).toBe(200)
    } finally {
      Date.now = now
    }
  })

  it('holds no secret key', async () => {
    const url = await makeUrl({ v4auth })
    expect(url).toContain(cephKeys.accesskey)
    expect(url).not.toContain(cephKeys.secretkey)
  })
})

it('that was made for one address is refused at another', async () => {
  const { port } = await startForwarder(cleanup, ceph)
  const url = await makeUrl({ redirectendpoint: `http://localhost:${port}` })
  const moved = url.replace(`http://localhost:${port}`, ceph.endpoint)
  expect((await send('GET', moved)).status).toBe(403)
})

describe('what is asked of clients', () => {
  const amazon: Changes = { regionendpoint: undefined, forcepathstyle: false, region: 'eu-west-3' }
  const rows: [title: string, changes: Changes, start: string][] = [
    ['of Amazon', amazon, 'https://registry.s3.eu-west-3.amazonaws.com/docker/'],
    ['at FIPS', { ...amazon, usefipsendpoint: true }, 'https://registry.s3-fips.eu-west-3.'],
    ['with dual stack', { ...amazon, usedualstack: true }, 'https://registry.s3.dualstack.eu-w'],
    ['accelerated', { ...amazon, accelerate: true }, 'https://registry.s3-accelerate.amazonaws'],
    [
      'with a bucket in the path',
      { regionendpoint: 'https://s3.test' },
      'https://s3.test/registry/',
    ],
    ['by host', { regionendpoint: 's3.test:900', secure: false }, 'http://s3.test:900/registry/'],
    ['that is logged', { loglevel: 'debug' }, 'http://127.0.0.1:'],
    ['with encryption', { encrypt: true, keyid: 'key' }, 'http://127.0.0.1:'],
    ['with a user agent', { useragent: 'some agent' }, 'http://127.0.0.1:'],
    [
      'at a host of the bucket',
      { redirectendpoint: 'https://pub.test', forcepathstyle: false },
      'https://registry.pub.test/docker/',
    ],
  ]
  it.each(rows)('is a plain GET: %s', async (_, changes, start) => {
    const url = new URL((await open(changes).findUrl(path, { size: 1 })) ?? '')
    expect(url.href.slice(0, start.length)).toBe(start)
    const { 'X-Amz-SignedHeaders': signed, ...rest } = Object.fromEntries(url.searchParams)
    expect(signed).toBe('host')
    expect(Object.keys(rest).sort()).toEqual([
      'X-Amz-Algorithm',
      'X-Amz-Content-Sha256',
      'X-Amz-Credential',
      'X-Amz-Date',
      'X-Amz-Expires',
      'X-Amz-Signature',
      'x-id',
    ])
  })

  it.each([
    [true, 'X-Amz-Security-Token'],
    [false, 'x-amz-security-token'],
  ])('holds the token of a role, with version 4: %s', async (v4auth, name) => {
    const role = {
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'a secret',
      AWS_SESSION_TOKEN: 'some/token=',
    }
    Object.assign(process.env, role)
    try {
      const { findUrl } = open({ v4auth, accesskey: undefined, secretkey: undefined })
      const url = new URL((await findUrl(path, { size: 1 })) ?? '')
      expect(url.searchParams.get(name)).toBe('some/token=')
      expect(url.href).not.toMatch(/a.secret/)
    } finally {
      for (const variable of Object.keys(role)) delete process.env[variable]
    }
  })

  it('is the same with version 2 and the bucket in the host', async () => {
    const changes = { v4auth: false, forcepathstyle: false, regionendpoint: 'https://s3.test' }
    const url = new URL((await open(changes).findUrl(path, { size: 1 })) ?? '')
    expect(url.href).toMatch(/^https:\/\/registry\.s3\.test\/docker\//)
    expect([...url.searchParams.keys()]).toEqual(['AWSAccessKeyId', 'Expires', 'Signature'])
  })
})
