/** A client that sends many requests at once costs no more than one that waits for its answers. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { type AddressInfo, connect, type ListenOptions, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterAll, describe, expect, it } from '@jest/globals'
import { openCertificates } from '../../../gateway/listen/certificates/files.ts'
import { answerInTurn } from '../../../gateway/listen/in-turn.ts'
import { createTlsServer } from '../../../gateway/listen/tls-server.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { createLines } from './log.ts'
import { createWorkshop } from './openssl.ts'

const cleanup = useCleanup()
const shop = createWorkshop()
afterAll(shop.remove)
const made = shop.make({ name: 'server' })
const local = { port: 0, host: '127.0.0.1' }

type Open = (address: AddressInfo | string) => Socket
type Kind = [name: string, secure: boolean, where: () => Promise<ListenOptions>, open: Open]
const portOf = (address: AddressInfo | string) => (address as AddressInfo).port
const kinds: Kind[] = [
  ['TCP', false, async () => local, (it) => connect(portOf(it), '127.0.0.1')],
  [
    'TLS',
    true,
    async () => local,
    (it) => connectTls({ port: portOf(it), host: '127.0.0.1', rejectUnauthorized: false }),
  ],
  [
    'a unix socket',
    false,
    async () => ({ path: join(await cleanup.folder(), 'it.sock') }),
    (it) => connect(it as string),
  ],
]

async function serverOf(secure: boolean, handler: RequestListener) {
  if (!secure) return createServer(handler)
  const { log } = createLines()
  const certificates = await openCertificates({ ...made, clientcas: [], log, interval: 60_000 })
  cleanup.add(async () => certificates.close())
  const settings = {
    minimumtls: 'tls1.2',
    clientauth: 'request-client-cert',
    clientcas: [],
  } as const
  return createTlsServer({ settings, certificates, log }, handler)
}

const request = (path: string, rest = '') => `GET /${path} HTTP/1.1\r\nHost: a\r\n${rest}\r\n`
const post = (framing: string, body: string) =>
  `POST /x HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${body}`

describe.each(kinds)('over %s', (_name, secure, where, openTo) => {
  async function start(handler: RequestListener) {
    const server = await serverOf(secure, handler)
    answerInTurn(server)
    cleanup.add(async () => {
      server.closeAllConnections()
      server.close()
    })
    await once(server.listen(await where()), 'listening')
    const connection = openTo(server.address() as AddressInfo | string)
    await once(connection, secure ? 'secureConnect' : 'connect')
    connection.on('error', () => {})
    return { server, connection }
  }

  it('each request begins when the one before it is answered, in order', async () => {
    let running = 0
    let most = 0
    const { connection } = await start((req, res) => {
      most = Math.max(most, ++running)
      setImmediate(() => res.end(`<${req.url}>`, () => running--))
    })
    const paths = Array.from({ length: 3_000 }, (_, index) => `${index}`)
    connection.write(
      paths.map((path) => request(path)).join('') + request('end', 'Connection: close\r\n'),
    )
    const heard = (await textOf(connection)).match(/<\/\w+>/g)
    expect(heard).toEqual([...paths, 'end'].map((path) => `</${path}>`))
    expect(most).toBe(1)
  })

  it('the last answer is heard by a client that sends all of its body before it listens', async () => {
    const { connection } = await start((_, res) => {
      res.writeHead(413, { Connection: 'close' }).end('early')
    })
    const body = Buffer.alloc(8 * 1024 * 1024)
    connection.write(post(`Content-Length: ${body.length}`, ''))
    const failed = await new Promise((resolve) => connection.write(body, resolve))
    expect(failed).toBeFalsy()
    expect(await textOf(connection)).toMatch(/^HTTP\/1\.1 413 .*\r\n\r\n.*early/s)
    connection.destroy()
  })

  it('nothing is lost where bodies, heads and chunks are cut anywhere', async () => {
    const heard: string[] = []
    const { connection } = await start(async (req, res) => {
      let body = ''
      for await (const chunk of req) body += chunk
      heard.push(body)
      res.end()
    })
    const bodies = ['a\r\n\r\nb', 'GET / HTTP/1.1\r\n\r\n', '\r\n\r\n\r\n\r\n']
    const sent = bodies.flatMap((body) => [
      post(`Content-Length: ${body.length}`, body),
      post(
        'Transfer-Encoding: chunked',
        `${body.length.toString(16)}\r\n${body}\r\n0\r\nX: y\r\n\r\n`,
      ),
      request('none'),
    ])
    const text = sent.join('') + sent.join('') + request('end', 'Connection: close\r\n')
    for (const bytes of text) connection.write(bytes)
    await textOf(connection)
    const each = bodies.flatMap((body) => [body, body, ''])
    expect(heard).toEqual([...each, ...each, ''])
  })

  it('a client that does not read its answers is not read either', async () => {
    let begun = 0
    const { server, connection } = await start((_, res) => {
      begun += 1
      res.end(Buffer.alloc(64 * 1024))
    })
    connection.pause()
    const many = request('x').repeat(2_000)
    const before = process.memoryUsage()
    // As much as is taken: where nothing is, the buffers of the system are full.
    const isTaken = () => Promise.race([once(connection, 'drain').then(() => true), later(500)])
    while (connection.write(many) || (await isTaken()));
    const { heapUsed, external } = process.memoryUsage()
    expect(begun).toBeLessThan(1_000)
    // It was 3 KiB for each of tens of thousands of requests.
    expect(heapUsed + external - before.heapUsed - before.external).toBeLessThan(48 * 1024 * 1024)
    connection.destroy()
    while ((await count(server)) > 0) await later(10)
  })

  it('others are served between the requests of one connection', async () => {
    let answered = 0
    const { server, connection } = await start((_, res) => {
      answered += 1
      res.end()
    })
    connection.resume().write(request('x').repeat(20_000))
    while (answered === 0) await later(1)
    const other = openTo(server.address() as AddressInfo | string)
    other.write(request('other', 'Connection: close\r\n'))
    expect(await textOf(other)).toMatch(/^HTTP\/1\.1 200 /)
    expect(answered).toBeLessThan(20_000)
    connection.destroy()
  })
})

async function textOf(connection: Socket): Promise<string> {
  let text = ''
  for await (const chunk of connection) text += chunk
  return text
}

const later = (ms: number) => new Promise<false>((resolve) => setTimeout(resolve, ms, false))

function count(server: {
  getConnections: (heard: (_: Error | null, count: number) => void) => void
}) {
  return new Promise<number>((resolve) => server.getConnections((_, number) => resolve(number)))
}
