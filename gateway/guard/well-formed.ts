/**
 * Refuses requests that two readers may read in two ways, and those that RFC 9112 wants refused: what
 * stands before or behind this server could take them for other requests. Node's parser has refused the
 * rest of them already.
 */
import type { IncomingMessage } from 'node:http'
import { type Reason, RegistryError } from '../../registry/spec/errors.ts'
import type { Middleware } from '../state.ts'

export const refuseMalformed: Middleware = (ctx, next) => {
  const reason = findFault(ctx.req)
  if (reason === undefined) return next()
  throw new RegistryError(reason, { headers: { Connection: 'close' } })
}

/** Undefined for a request that can be read in one way only. */
function findFault(request: IncomingMessage): Reason | undefined {
  const { headers, httpVersionMajor: major, httpVersionMinor: minor, url = '' } = request
  if (major !== 1) return 'versionUnknown'
  const coding = headers['transfer-encoding']
  if (coding !== undefined && minor === 0) return 'codingTooNew'
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'codingUnknown'
  // HTTP/1.0 has no expectations, and what it says of them means nothing.
  const expected = minor > 0 && headers.expect
  if (expected && expected.toLowerCase() !== '100-continue') return 'expectationUnknown'
  return findHostFault(request, url)
}

function findHostFault(request: IncomingMessage, url: string): Reason | undefined {
  const { host = '' } = request.headers
  const hosts = countHosts(request.rawHeaders)
  if (hosts > 1 || (hosts === 0 && request.httpVersionMinor > 0)) return 'hostMalformed'
  if (host !== '' && !isHost(host)) return 'hostMalformed'
  return url.startsWith('/') || isForHost(url, host) ? undefined : 'targetMalformed'
}

/** Node shows the first of several and drops the others. */
function countHosts(rawHeaders: readonly string[]): number {
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1
  }
  return count
}

/** A name, an address or an address in brackets, with a port or without: nothing that leads elsewhere. */
function isHost(text: string): boolean {
  return /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i.test(text)
}

/** A whole URL names the host once more; `*` is about the server itself. */
function isForHost(url: string, host: string): boolean {
  if (url === '*') return true
  const [, scheme = '', authority = ''] = /^(https?):\/\/([^/?#]*)/i.exec(url) ?? []
  const port = scheme.toLowerCase() === 'https' ? /:443$/ : /:80$/
  const plain = (text: string) => text.toLowerCase().replace(port, '')
  return isHost(authority) && (host === '' || plain(authority) === plain(host))
}
