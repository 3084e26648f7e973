/**
 * The plain HTTP listener beside HTTPS: it sends everyone to the same host and path over TLS, and
 * answers the challenges of a certificate authority. It reads no body and trusts no header.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { findHost } from '../guard/host.ts'

type Options = {
  /** Where the TLS listener is reached. */
  port: number
  /** What an authority that asks for this token wants to read. */
  challenge?: (token: string) => Promise<string | undefined>
}

const challengePath = /^\/\.well-known\/acme-challenge\/([\w-]{1,128})$/
/** Nobody needs more for a request that has only a head. */
const headersIn = 10_000

/** Not listening yet: where it does is the caller's choice. */
export function createRedirect({ port, challenge }: Options): Server {
  const limits = { headersTimeout: headersIn, requestTimeout: headersIn, maxHeaderSize: 32 * 1024 }
  return createServer(limits, async (request, response) => {
    const token = challengePath.exec(request.url ?? '')?.[1]
    if (challenge && token !== undefined) {
      const text = await challenge(token).catch(() => undefined)
      if (text === undefined) end(response, 404, 'there is no such challenge')
      else end(response, 200, text)
      return
    }
    const location = secureLocation(request, port)
    if (location === undefined) {
      end(response, 400, 'this server speaks HTTPS, and the request does not say to which host')
      return
    }
    response.setHeader('Location', location)
    end(response, 301, location)
  })
}

function end(response: ServerResponse, status: number, text: string) {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(text),
    'X-Content-Type-Options': 'nosniff',
    Connection: 'close',
  })
  response.end(text)
}

/** The same place over TLS; undefined unless the request names one host, in an ordinary way. */
function secureLocation({ url = '', headersDistinct }: IncomingMessage, port: number) {
  const [host = '', ...others] = headersDistinct.host ?? []
  // Without the port: that of a plain listener is never that of TLS.
  const name = findHost(host)?.name
  if (name === undefined || others.length > 0 || !/^\/[!-~]*$/.test(url)) return undefined
  return `https://${name}${port === 443 ? '' : `:${port}`}${url}`
}
