/** Workers of a test's own, which may misbehave in any way; to gateways that look they are alive. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Address } from '../../../../gateway/pool/addresses.ts'
import { close, listening } from '../../../support/http-server.ts'

/** The path by which gateways look for a sign of life; no test may ask for it. */
const probed = '/v2/'

export async function startRawWorker(handle: RequestListener, options = {}) {
  const requests: IncomingMessage[] = []
  const sockets = new Set<Socket>()
  const server = createServer(options, (req, res) => {
    if (req.url === probed) return void res.end()
    requests.push(req)
    sockets.add(req.socket)
    handle(req, res)
  })
  // A connection that a test breaks off is no failure of the test.
  server.on('clientError', (_error, socket) => socket.destroy())
  await listening(server, { port: 0, host: '127.0.0.1' })

  return {
    server,
    address: addressOf(server),
    /** All but the looks at it. */
    requests,
    /** Those that brought a request. */
    sockets,
    close: () => close(server),
  }
}

export function addressOf(server: Server): Address {
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

/** Answers with the bytes that came, as they came. */
export const echo: RequestListener = (req, res) => {
  buffer(req).then(
    (body) => res.end(body),
    () => {},
  )
}
