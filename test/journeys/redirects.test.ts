/** A pull from a bucket: what kura sends itself, and when it sends the client to the bucket. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { makeBucket } from '../registry/storage/s3/started.ts'
import { partsOf } from '../support/byteranges.ts'
import { type Ceph, startCeph } from '../support/ceph.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startForwarder } from '../support/forwarder.ts'
import { type Answer, send } from '../support/http.ts'
import { digestOf } from '../support/image.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraOnS3 } from '../support/kura-on-s3.ts'
import { describeWith } from '../support/programs.ts'
import { pushBlob } from '../support/push.ts'

describeWith(['radosgw', 'ceph-mon', 'ceph-osd', 'setpriv'], 'a pull from a bucket', () => {
  const cleanup = useCleanup()
  const large = randomBytes(300_000)
  const small = randomBytes(999)
  const smallest = Buffer.alloc(0)
  const repository = 'team/app'
  let ceph: Ceph
  let kura: Kura

  beforeAll(async () => {
    ceph = await startCeph(cleanup)
    await makeBucket(ceph.endpoint)
    kura = await startKuraOnS3(cleanup, ceph.endpoint, { redirect: { minsize: 1000 } })
    for (const bytes of [large, small, smallest]) {
      await pushBlob({ url: kura.url, repository }, bytes)
    }
  })

  const ask = (method: string, bytes: Buffer, headers = {}, { url }: { url: string } = kura) =>
    send(method, `${url}/v2/${repository}/blobs/${digestOf(bytes)}`, { headers })

  async function expectElsewhere(answer: Answer, place = ceph.endpoint): Promise<string> {
    const { status, headers, body } = answer
    expect(status).toBe(307)
    expect(body).toHaveLength(0)
    expect(headers).toMatchObject({
      'content-length': '0',
      'docker-content-digest': digestOf(large),
      'cache-control': 'no-store',
    })
    for (const name of ['etag', 'content-type', 'content-range']) {
      expect(headers).not.toHaveProperty(name)
    }
    const { location = '' } = headers
    expect(location.slice(0, place.length + 1)).toBe(`${place}/`)
    expect((await send('GET', location)).body.equals(large)).toBe(true)
    return location
  }

  function expectBytes({ status, headers, body }: Answer, bytes: Buffer): void {
    expect(status).toBe(200)
    expect(body.equals(bytes)).toBe(true)
    expect(headers).not.toHaveProperty('location')
    expect(headers.etag).toBe(`"${digestOf(bytes)}"`)
    expect(headers['cache-control']).toBe('max-age=31536000')
  }

  it('leads there', async () => {
    await expectElsewhere(await ask('GET', large))
  })

  it('leads there for a range, which the client asks for once more', async () => {
    const headers = { Range: 'bytes=1000-1999' }
    const location = await expectElsewhere(await ask('GET', large, headers))
    const answer = await send('GET', location, { headers })
    expect(answer.status).toBe(206)
    expect(answer.body).toEqual(large.subarray(1000, 2000))
  })

  it('does not for several ranges, of which the bucket would send the whole', async () => {
    const answer = await ask('GET', large, { Range: 'bytes=0-9,200000-200999' })
    expect(answer.status).toBe(206)
    expect(partsOf(answer).map(({ bytes }) => bytes)).toEqual([
      large.subarray(0, 10),
      large.subarray(200_000, 201_000),
    ])
    const one = await ask('GET', large, { Range: 'bytes=0-9,' })
    expect([one.status, one.body]).toEqual([206, large.subarray(0, 10)])
  })

  it('does not for a range that is not there', async () => {
    const answer = await ask('GET', large, { Range: 'bytes=300000-' })
    expect(answer.status).toBe(416)
    expect(answer.headers).not.toHaveProperty('location')
  })

  it('shows the bucket nothing of who asks', async () => {
    const headers = { Authorization: 'Basic c2VjcmV0OnNlY3JldA==', Cookie: 'secret' }
    const answer = await ask('GET', large, headers)
    const location = await expectElsewhere(answer)
    expect(decodeURIComponent(location)).not.toMatch(/Basic|c2VjcmV0|secret/)
    expect(kura.output()).not.toMatch(/X-Amz-Signature/i)
  })

  it('does not for HEAD', async () => {
    const { status, headers } = await ask('HEAD', large)
    expect(status).toBe(200)
    expect(headers).toMatchObject({ 'content-length': '300000', etag: `"${digestOf(large)}"` })
    expect(headers).not.toHaveProperty('location')
  })

  it('does not for what the client has', async () => {
    const answer = await ask('GET', large, { 'If-None-Match': `"${digestOf(large)}"` })
    expect(answer.status).toBe(304)
    expect(answer.headers).not.toHaveProperty('location')
    await expectElsewhere(await ask('GET', large, { 'If-None-Match': `"${digestOf(small)}"` }))
  })

  it('does not under conditions that only kura understands', async () => {
    expectBytes(await ask('GET', large, { 'If-Match': `"${digestOf(large)}"` }), large)
    const other = await ask('GET', large, { 'If-Match': `"${digestOf(small)}"` })
    expect(other.status).toBe(412)
    const resumed = { Range: 'bytes=299999-', 'If-Range': `"${digestOf(large)}"` }
    const rest = await ask('GET', large, resumed)
    expect([rest.status, rest.body.length]).toEqual([206, 1])
  })

  it.each([
    ['small', small],
    ['empty', smallest],
  ])('does not for what is %s', async (_, bytes) => {
    expectBytes(await ask('GET', bytes), bytes)
  })

  it('does not for what the repository does not have', async () => {
    for (const name of ['team/other', 'team']) {
      const answer = await send('GET', `${kura.url}/v2/${name}/blobs/${digestOf(large)}`)
      expect(answer.status).toBe(404)
      expect(answer.headers).not.toHaveProperty('location')
    }
  })

  describe('with other settings', () => {
    const start = (settings: Parameters<typeof startKuraOnS3>[2]) =>
      startKuraOnS3(cleanup, ceph.endpoint, settings)

    it('never leads there', async () => {
      const other = await start({ redirect: { disable: true } })
      expectBytes(await ask('GET', large, {}, other), large)
      const part = await ask('GET', large, { Range: 'bytes=5-9' }, other)
      expect(part.body).toEqual(large.subarray(5, 10))
    })

    it('sends the bytes past the workers of the same machine', async () => {
      const other = await start({ redirect: { disable: true }, args: ['--workers', '1'] })
      const huge = randomBytes(48 * 1024 * 1024)
      await pushBlob({ url: other.url, repository }, huge)
      const url = `${other.url}/v2/${repository}/blobs/${digestOf(huge)}`
      const [response] = (await once(get(url), 'response')) as [IncomingMessage]
      const chunks = response.iterator()
      const got = [(await chunks.next()).value as Buffer]
      // Workers are the first that the supervisor starts.
      const [, worker = 0] = await other.processes()
      process.kill(worker, 'SIGKILL')
      await other.said(new RegExp(`a process is gone.*pid=${worker} .*role=worker`))
      for await (const chunk of chunks) got.push(chunk)
      expect(digestOf(Buffer.concat(got))).toBe(digestOf(huge))
    })

    it('leads to the address that clients know, for as long as was asked', async () => {
      const { port } = await startForwarder(cleanup, ceph)
      const redirectendpoint = `http://localhost:${port}`
      const other = await start({
        s3: { redirectendpoint },
        redirect: { minsize: 1000, expiry: '2m' },
      })
      const location = await expectElsewhere(await ask('GET', large, {}, other), redirectendpoint)
      expect(new URL(location).searchParams.get('X-Amz-Expires')).toBe('120')
    })

    it('leads there with a signature of version 2, and in other words', async () => {
      const { port } = await startForwarder(cleanup, ceph)
      const rewrite = { name: 'rewrite', options: { host: `localhost:${port}` } }
      const other = await start({ s3: { v4auth: false }, middleware: { storage: [rewrite] } })
      const answer = await ask('GET', large, {}, other)
      const location = await expectElsewhere(answer, `http://localhost:${port}`)
      expect(new URL(location).searchParams.has('Signature')).toBe(true)
    })

    it('leads there through workers', async () => {
      const other = await start({ args: ['--workers', '1'] })
      await expectElsewhere(await ask('GET', large, {}, other))
      expect((await ask('HEAD', large, {}, other)).headers['content-length']).toBe('300000')
    })
  })
})
