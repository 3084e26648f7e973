/**
 * Which host and path a request asks for: those of its target where that is a whole URL, else the one
 * `Host` that it has. A request that two readers could take to be for two hosts is refused.
 */
import type { IncomingMessage } from 'node:http'
import { RegistryError } from '../../registry/protocol/errors.ts'
import { findHost, type Host } from './host.ts'

/** Only HTTP/1.0 may name no host. */
export type Asked = { host: Host | undefined; path: string }

/** Throws `hostMalformed` and `targetMalformed`. */
export function parseAsked(request: IncomingMessage): Asked {
  const { url = '' } = request
  const host = parseHostHeader(request)
  if (url.startsWith('/') || url === '*') return { host, path: url }

  const [, scheme = '', authority = '', path = ''] = wholeUrl.exec(url) ?? []
  const named = findHost(authority)
  if (!named || (host && !isSame(named, host, standardPorts[scheme.toLowerCase()]))) {
    throw new RegistryError('targetMalformed', { detail: { found: url.slice(0, 200) } })
  }
  return { host: named, path: path.startsWith('/') ? path : `/${path}` }
}

const wholeUrl = /^(https?):\/\/([^/?#]*)(.*)$/i
const standardPorts: Record<string, number> = { http: 80, https: 443 }

function parseHostHeader({ headers, rawHeaders, httpVersionMinor }: IncomingMessage) {
  const { host: found = '' } = headers
  const mayBeMissing = httpVersionMinor === 0
  const count = countHosts(rawHeaders)
  if (count <= 1 && found === '' && mayBeMissing) return undefined
  const host = findHost(found)
  if (host && count === 1) return host
  throw new RegistryError('hostMalformed', { detail: { found: found.slice(0, 200), times: count } })
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

function isSame(a: Host, b: Host, standardPort: number | undefined): boolean {
  const portOf = ({ port = standardPort }: Host) => port
  return a.name.toLowerCase() === b.name.toLowerCase() && portOf(a) === portOf(b)
}
