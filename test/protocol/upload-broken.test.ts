/** Uploads whose clients leave half-way, or meet in the same upload. */
import { describe, expect, it } from '@jest/globals'
import { packIndex, sha256, startUpload } from './support/content.ts'
import { openRequest } from './support/raw.ts'
import { expectError, until, useRegistry } from './support/suite.ts'

const client = useRegistry()
const start = () => startUpload(client, 'a')
const open = (line: string, headers: Record<string, string | number>) =>
  openRequest(client.registry().port, line, headers)

const bytes = Buffer.alloc(2_500_000, 'abcdefg')
const digest = sha256(bytes)
const more = 2 * bytes.length
const chunk = (size: number) => `${size.toString(16)}\r\n`

type Framing = [what: string, headers: Record<string, string | number>, before: string]
const framings: Framing[] = [
  ['that said its length', { 'Content-Length': more }, ''],
  ['with a range', { 'Content-Length': more, 'Content-Range': `0-${more - 1}` }, ''],
  ['in one chunk that was whole', { 'Transfer-Encoding': 'chunked' }, chunk(bytes.length)],
  ['in the middle of a chunk', { 'Transfer-Encoding': 'chunked' }, chunk(more)],
]

/** How many bytes the upload has, once whoever is writing to it is done. */
async function receivedBytes(path: string): Promise<number> {
  const probe = { body: 'x', headers: { 'Content-Range': `${more * 2}-${more * 2}` } }
  const { status, headers } = await client.patch(path, probe)
  expect(status).toBe(416)
  return Number(String(headers.range).split('-')[1]) + 1
}

/** Sends most of a body, sees some of it arrive, and is gone. */
async function breakOff(line: string, path: string, [, headers, before]: Framing) {
  const broken = await open(line, headers)
  await broken.write(before)
  await broken.write(bytes)
  await until(async () => (await client.get(path)).headers.range !== '0-0')
  broken.leave()
}

describe('a body that is cut off', () => {
  it.each(framings)('%s keeps what came, and the upload goes on', async (...framing) => {
    const path = await start()
    await breakOff(`PATCH ${path}`, path, framing)
    const received = await receivedBytes(path)
    expect(received).toBeGreaterThanOrEqual(1024 * 1024)
    expect(received).toBeLessThanOrEqual(bytes.length)

    const headers = { 'Content-Range': `${received}-${bytes.length - 1}` }
    const rest = bytes.subarray(received)
    if (rest.length > 0)
      expect((await client.patch(path, { body: rest, headers })).status).toBe(202)
    expect((await client.put(`${path}?digest=${digest}`)).status).toBe(201)
    expect(sha256((await client.get(`/v2/a/blobs/${digest}`)).body)).toBe(digest)
  })

  it('in a PUT keeps what came too, and makes no blob of it', async () => {
    const path = await startUpload(client, 'put')
    const to = `${path}?digest=${digest}`
    await breakOff(`PUT ${to}`, path, ['', { 'Content-Length': more }, ''])
    const received = await receivedBytes(path)
    expectError(await client.get(`/v2/put/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
    expect((await client.put(to, { body: bytes.subarray(received) })).status).toBe(201)
  })

  it('before anything came of it leaves the upload as it was', async () => {
    const path = await start()
    await client.patch(path, { body: 'abc' })
    const broken = await open(`PATCH ${path}`, { 'Content-Length': 10 })
    broken.leave()
    expect(await receivedBytes(path)).toBe(3)
    expect((await client.put(`${path}?digest=${sha256('abc')}`)).status).toBe(201)
  })

  it('of a manifest leaves no manifest, and is no failure of the registry', async () => {
    const manifest = packIndex([])
    const line = 'PUT /v2/broken/manifests/latest'
    const type = { 'Content-Type': manifest.mediaType }
    const broken = await open(line, { ...type, 'Content-Length': manifest.size })
    await broken.write(manifest.bytes.subarray(0, 10))
    broken.leave()
    expectError(await client.get('/v2/broken/manifests/latest'), 404, 'MANIFEST_UNKNOWN')
  })
})

describe('two writers to one upload', () => {
  it('take turns: the later one finds the bytes of the earlier', async () => {
    const path = await start()
    const range = { 'Content-Range': '0-4' }
    const first = await open(`PATCH ${path}`, { 'Content-Length': 5, ...range })
    const second = client.patch(path, { headers: range, body: 'fghij' })
    await first.write('abcde')
    expect(await first.answer()).toMatch(/^HTTP\/1\.1 202 .*Range: 0-4\r\n/s)
    expect(await second).toMatchObject({ status: 416, headers: { range: '0-4' } })
    expect((await client.put(`${path}?digest=${sha256('abcde')}`)).status).toBe(201)
  })

  it('may end it at the same time with the same blob', async () => {
    const path = await start()
    await client.patch(path, { body: 'abcde' })
    const to = `${path}?digest=${sha256('abcde')}`
    const answers = await Promise.all([client.put(to), client.put(to), client.put(to)])
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
  })

  it('may be one that cancels: it waits until the other is done', async () => {
    const path = await start()
    const writer = await open(`PATCH ${path}`, { 'Content-Length': 5 })
    const cancelling = client.remove(path)
    await writer.write('abcde')
    expect(await writer.answer()).toMatch(/^HTTP\/1\.1 (202|404) /)
    expect((await cancelling).status).toBe(204)
    expectError(await client.get(path), 404, 'BLOB_UPLOAD_UNKNOWN')
  })
})

describe('many uploads at once', () => {
  it('of the same blob all end well', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 8 }, async (_, at) => {
        const path = await startUpload(client, `many/${at % 3}`)
        await client.patch(path, { body: bytes.subarray(0, 999_999) })
        const rest = { body: bytes.subarray(999_999) }
        return (await client.put(`${path}?digest=${digest}`, rest)).status
      }),
    )
    expect(statuses).toEqual(Array(8).fill(201))
    expect(sha256((await client.get(`/v2/many/2/blobs/${digest}`)).body)).toBe(digest)
  })
})
