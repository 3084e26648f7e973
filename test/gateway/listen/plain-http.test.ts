/** Plain HTTP on the HTTPS port is told so, in the words of Go's servers. */
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, expect, it } from '@jest/globals'
import { openCertificates } from '../../../gateway/listen/certificates/files.ts'
import { createTlsServer } from '../../../gateway/listen/tls-server.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { createLines } from './log.ts'
import { createWorkshop } from './openssl.ts'

const cleanup = useCleanup()
const shop = createWorkshop()
afterAll(shop.remove)
const made = shop.make({ name: 'server' })
const said = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'

async function start() {
  const { log } = createLines()
  const certificates = await openCertificates({ ...made, clientcas: [], log, interval: 60_000 })
  const settings = {
    minimumtls: 'tls1.2',
    clientauth: 'request-client-cert',
    clientcas: [],
  } as const
  const server = createTlsServer({ settings, certificates, log }, (_, res) => res.end())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  cleanup.add(async () => {
    server.close()
    certificates.close()
  })
  return server
}

const rest = '/v2/ HTTP/1.1\r\nHost: a\r\n\r\n'
const sent: [what: string, bytes: string, heard: string][] = [
  ...['GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS', 'CONNECT'].map(
    (method): [string, string, string] => [method, `${method} ${rest}`, said],
  ),
  ['a large body', `PUT ${rest}${'x'.repeat(1024 * 1024)}`, said],
  ['what is neither', 'no protocol at all\r\n\r\n', ''],
]

it.each(sent)('%s', async (_, bytes, heard) => {
  const server = await start()
  const { port } = server.address() as AddressInfo
  const client = connect(port, '127.0.0.1')
  client.on('error', () => {}).write(bytes)
  let answer = ''
  client.on('data', (chunk) => {
    answer += chunk
  })
  await new Promise((resolve) => client.once('close', resolve))
  expect(answer).toBe(heard)
  // Nothing of it stays open.
  await new Promise((resolve) => server.close(resolve))
})

it('a client hears it that first sends all of a large body, and only then listens', async () => {
  const server = await start()
  const { port } = server.address() as AddressInfo
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).pause()
  client.write(`PUT ${rest}`)
  // The answer is on its way before the rest is sent.
  await once(server, 'tlsClientError')
  for (let sent = 0; sent < 16; sent += 1) {
    await new Promise((resolve) => client.write(Buffer.alloc(64 * 1024), resolve))
  }
  client.end()
  expect(await text(client)).toBe(said)
  await new Promise((resolve) => server.close(resolve))
})

it('a client that ends is let go at once, before an earlier one that stays', async () => {
  const server = await start()
  const { port } = server.address() as AddressInfo
  const gone: string[] = []
  const told = async (name: string, allowHalfOpen: boolean) => {
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen })
    client.on('error', () => {}).resume()
    const [[socket]] = await Promise.all([once(server, 'connection'), once(client, 'connect')])
    const closed = once(socket, 'close').then(() => gone.push(name))
    client.write(`GET ${rest}`)
    await once(server, 'tlsClientError')
    return { client, closed }
  }
  const staying = await told('staying', true)
  const ending = await told('ending', false)
  await Promise.all([staying.closed, ending.closed])
  expect(gone).toEqual(['ending', 'staying'])
  staying.client.destroy()
})
