/**
 * The plain HTTP listener beside HTTPS: it sends everyone to the same host and path over TLS, where that
 * host is one of this server's, and answers the challenges of a certificate authority. It reads no body
 * and trusts no header.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { parseAsked } from '../guard/asked-host.ts'
import { formatHost, type Host } from '../guard/host.ts'

type Options = {
  /** Where the TLS of a host is reached; undefined for a host of somebody else. */
  secureHost: (name: string) => Host | undefined
  /** The answer to an authority that asks for this token. */
  challenge?: (token: string) => Promise<string | undefined>
}

const challengePath = /^\/\.well-known\/acme-challenge\/([\w-]{1,128})$/
/** Nobody needs more for a request that has only a head. */
const headersIn = 10_000

const sentences = {
  400: 'this server speaks HTTPS, and the request does not say to which host',
  421: 'this server speaks HTTPS, for hosts that its certificate or http.host names, and not for this one',
}

/** Not listening yet: where it does is the caller's choice. */
export function createRedirect({ secureHost, challenge }: Options): Server {
  const limits = {
    headersTimeout: headersIn,
    requestTimeout: headersIn,
    maxHeaderSize: 32 * 1024,
    // Said here, in words of our own.
    requireHostHeader: false,
  }
  return createServer(limits, async (request, response) => {
    const asked = findAsked(request)
    const token = challengePath.exec(asked?.path ?? '')?.[1]
    if (challenge && token !== undefined) {
      const text = await challenge(token).catch(() => undefined)
      if (text === undefined) end(response, 404, 'there is no such challenge')
      else end(response, 200, text)
      return
    }
    if (!asked) return end(response, 400, sentences[400])
    const host = secureHost(asked.name)
    if (!host) return end(response, 421, sentences[421])
    const location = `https://${formatHost(host)}${asked.path}`
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

/** Undefined unless the request names one host and a path, in an ordinary way. */
function findAsked(request: IncomingMessage): { name: string; path: string } | undefined {
  try {
    const { host, path } = parseAsked(request)
    // Without the port: that of a plain listener is never that of TLS.
    return host && /^\/[!-~]*$/.test(path) ? { name: host.name, path } : undefined
  } catch {
    return undefined
  }
}
