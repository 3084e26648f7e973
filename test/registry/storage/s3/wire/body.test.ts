/** Bodies of objects: whole and in order however large, however slowly they are read, and how encrypted. */
import { createHash } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import type { Bytes, StorageDriver } from '../../../../../registry/storage/driver.ts'
import { createS3Storage } from '../../../../../registry/storage/s3/driver.ts'
import { createWorkshop } from '../../../../gateway/listen/openssl.ts'
import { useCleanup } from '../../../../support/cleanup.ts'
import { close, listening } from '../../../../support/http-server.ts'
import { s3Options } from '../started.ts'

const cleanup = useCleanup()
const mebibyte = 1024 * 1024

/** No two blocks of it are alike, so none can stand where another one should. */
const content = Buffer.alloc(24 * mebibyte)
for (let at = 0; at < content.length; at += 4) content.writeInt32LE(at ^ (at << 7), at)

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** The key says how many bytes there are, and how they come. */
const answer: RequestListener = (req, res) => {
  const [, way = '', digits] = /([a-z]*)(\d+)$/.exec(req.url ?? '') ?? []
  const bytes = content.subarray(0, Number(digits))
  res.writeHead(200, {
    ETag: '"tag"',
    ...(way !== 'unmeasured' && { 'Content-Length': bytes.length }),
  })
  if (way === '') return void res.end(bytes)
  if (way === 'pieces') return void Readable.from(pieces(bytes)).pipe(res)
  const half = bytes.subarray(0, bytes.length / 2)
  res.write(half, () =>
    way === 'unmeasured' ? res.end(bytes.subarray(half.length)) : res.destroy(),
  )
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 40_000) {
    await setImmediate()
    yield bytes.subarray(at, at + 40_000)
  }
}

async function digestOf(bytes: Bytes | undefined, pause: () => Promise<unknown>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of bytes ?? []) {
    // Nobody may write there as long as it is looked at.
    const before = digest(chunk)
    await pause()
    if (digest(chunk) !== before) throw new Error('a chunk has changed')
    hash.update(chunk)
  }
  return hash.digest('hex')
}

const turns = (count: number) => async () => {
  for (let turn = 0; turn < count; turn++) await setImmediate()
}

describe.each(['http', 'https'])('over %s', (protocol) => {
  let server: Server
  let driver: StorageDriver
  const sockets = new Set<Socket>()
  beforeAll(async () => {
    const workshop = createWorkshop()
    cleanup.add(async () => workshop.remove())
    const { pem: cert, keyPem: key } = workshop.make({ name: 'self' })
    server = protocol === 'http' ? createServer(answer) : createTlsServer({ cert, key }, answer)
    const event = protocol === 'http' ? 'connection' : 'secureConnection'
    server.on(event, (socket: Socket) => sockets.add(socket))
    await listening(server, { host: '127.0.0.1', port: 0 })
    cleanup.add(() => close(server))
    const endpoint = `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`
    driver = createS3Storage(s3Options(endpoint, { skipverify: true })).driver
    cleanup.add(() => driver.close())
  })
  afterEach(() => sockets.clear())

  const sizes = [
    0,
    1,
    65_536,
    2 * mebibyte - 1,
    2 * mebibyte,
    2 * mebibyte + 1,
    3 * mebibyte,
    24 * mebibyte,
  ]
  it.each(sizes)('%i bytes arrive as they are', async (size) => {
    const expected = digest(content.subarray(0, size))
    for (const pause of [turns(0), turns(5)]) {
      expect(await digestOf(await driver.read(`${size}`), pause)).toBe(expected)
    }
    expect(digest((await driver.get(`${size}`)) ?? Buffer.alloc(1))).toBe(expected)
  })

  it.each([0, 5, 3 * mebibyte])('%i bytes of no known length arrive too', async (size) => {
    const expected = digest(content.subarray(0, size))
    expect(await digestOf(await driver.read(`unmeasured${size}`), turns(1))).toBe(expected)
  })

  it.each([1, 2, 4, 8])(
    'pieces that come while others are looked at for %i turns',
    async (count) => {
      const bytes = await driver.read(`pieces${content.length}`)
      expect(await digestOf(bytes, turns(count))).toBe(digest(content))
    },
  )

  it('what is sent instead of the rest is not taken for it', async () => {
    const reading = driver.get(`broken${3 * mebibyte}`)
    await expect(reading).rejects.toThrow(/sent 3145728 bytes where \d+ were asked for/)
  })

  it('readers side by side do not meet', async () => {
    const size = 12 * mebibyte
    const expected = digest(content.subarray(0, size))
    const all = [0, 0, 1, 3].map(async (count) =>
      digestOf(await driver.read(`${size}`), turns(count)),
    )
    expect(await Promise.all(all)).toEqual(all.map(() => expected))
  })

  it('one connection does for many small ones', async () => {
    await driver.get('10')
    sockets.clear()
    for (const size of [0, 1, 100, 100_000, 900_000, 5]) await driver.get(`${size}`)
    expect(sockets.size).toBe(0)
  })
})
