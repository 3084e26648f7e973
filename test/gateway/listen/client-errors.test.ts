/** Bytes that are no request are answered all the same, and never in the middle of another answer. */
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, describe, expect, it } from '@jest/globals'
import { openCertificates } from '../../../gateway/listen/certificates/files.ts'
import { answerClientErrors } from '../../../gateway/listen/client-errors.ts'
import { createTlsServer } from '../../../gateway/listen/tls-server.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { createLines } from './log.ts'
import { createWorkshop } from './openssl.ts'

const cleanup = useCleanup()
const shop = createWorkshop()
afterAll(shop.remove)
const made = shop.make({ name: 'server' })

const limits = {
  maxHeaderSize: 32 * 1024,
  headersTimeout: 300,
  connectionsCheckingInterval: 20,
  requestTimeout: 0,
}
const settings = {
  minimumtls: 'tls1.2' as const,
  clientauth: 'require-and-verify-client-cert' as const,
  clientcas: [],
}

type Start = (handler: RequestListener) => Promise<Server>
type Kind = [kind: string, start: Start, open: (port: number) => Socket]

const kinds: Kind[] = [
  [
    'HTTP',
    async (handler) => createServer(limits, handler),
    (port) => connectTcp(port, '127.0.0.1'),
  ],
  [
    'HTTPS',
    async (handler) => {
      const { log } = createLines()
      const certificates = await openCertificates({ ...made, clientcas: [], log, interval: 60_000 })
      cleanup.add(async () => certificates.close())
      return createTlsServer({ settings, certificates, log, http: limits }, handler)
    },
    (port) => connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }),
  ],
]

async function serve(start: Start, handler: RequestListener = (_, it) => void it.end('served')) {
  const server = await start(handler)
  answerClientErrors(server)
  cleanup.add(async () => {
    server.closeAllConnections()
    server.close()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return (server.address() as AddressInfo).port
}

/** All that comes back until the connection ends. */
async function exchange(connection: Socket, ...texts: string[]): Promise<string> {
  connection.on('error', () => {})
  for (const text of texts) connection.write(text)
  let heard = ''
  for await (const chunk of connection) heard += chunk
  return heard
}

const start = 'GET /v2/ HTTP/1.1\r\nHost: a\r\n'
const filled = (bytes: number) => `${start}Authorization: Bearer ${'a'.repeat(bytes)}\r\n\r\n`
const chunked = 'PATCH / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'

const refused: [what: string, sent: string, status: number, code: string, says: RegExp][] = [
  ['too large a head', filled(33 * 1024), 431, 'UNSUPPORTED', /32 KiB/],
  ['far too large a head', filled(300 * 1024), 431, 'UNSUPPORTED', /32 KiB/],
  ['too long a path', `GET /${'a'.repeat(40_000)} HTTP/1.1\r\n`, 431, 'UNSUPPORTED', /32 KiB/],
  ['no HTTP', '\x16\x03\x01 hello\r\n\r\n', 400, 'UNSUPPORTED', /HTTP/],
  ['a header without a name', `${start}: x\r\n\r\n`, 400, 'UNSUPPORTED', /HTTP/],
  ['two lengths', `${start}Content-Length: 1, 2\r\n\r\n`, 400, 'UNSUPPORTED', /HTTP/],
  ['nothing at all', '', 408, 'UNSUPPORTED', /in time/],
  ['half a head', start, 408, 'UNSUPPORTED', /in time/],
]

describe.each(kinds)('over %s', (_kind, startServer, open) => {
  it.each(refused)('%s is answered, and the connection ends', async (...row) => {
    const [, sent, status, code, says] = row
    const port = await serve(startServer)
    const [head = '', body = ''] = (await exchange(open(port), sent)).split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(head).toMatch(/\r\nConnection: close\r\n/)
    expect(head).toContain('\r\nContent-Type: application/json\r\n')
    expect(head).toContain(`\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`)
    const message = expect.stringMatching(says)
    expect(JSON.parse(body)).toEqual({ errors: [{ code, message }] })
  })

  it('a head of nearly 32 KiB is served', async () => {
    const port = await serve(startServer)
    const sent = filled(32 * 1024 - 200).replace('Host: a', 'Host: a\r\nConnection: close')
    expect(await exchange(open(port), sent)).toMatch(/^HTTP\/1.1 200 OK.*served/s)
  })

  it('a body that is not in its form is answered once, and its handler hears the end', async () => {
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    const port = await serve(startServer, (request, response) => {
      request.resume()
      response.once('close', resolve)
    })
    const heard = await exchange(open(port), chunked, 'no number\r\n', 'no number\r\n')
    expect(heard).toMatch(/^HTTP\/1.1 400 Bad Request/)
    expect(heard.match(/HTTP\/1.1/g)).toHaveLength(1)
    await gone
  })

  it('an answer that is half sent is broken off, with nothing else in it', async () => {
    const port = await serve(startServer, (request, response) => {
      request.resume()
      response.write('half')
    })
    const connection = open(port)
    const heard = exchange(connection, chunked)
    connection.once('data', () => connection.write('no number\r\n'))
    expect(await heard).toMatch(/^HTTP\/1.1 200 OK.*half\r\n$/s)
  })

  it('nothing is taken for the answer to a request that came before', async () => {
    const { promise: begun, resolve } = Promise.withResolvers<void>()
    const port = await serve(startServer, (request) => void request.once('end', resolve).resume())
    const connection = open(port)
    const heard = exchange(connection, `${start}\r\n`)
    await begun
    connection.write('no HTTP\r\n\r\n')
    expect(await heard).toBe('')
  })
})
