/** The names and addresses a certificate is for: those given, and those this machine has. */

import type { X509Certificate } from 'node:crypto'
import { isIP, isIPv6 } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const hostPattern = new RegExp(`^(?:\\*\\.)?${label}(?:\\.${label})*$`)

/** Host names, with `*.` before them if wanted, and addresses; anything else throws. */
export function parseNames(names: readonly string[]): string[] {
  return names.map((name) => {
    const found = parseName(name)
    if (found !== undefined) return found
    throw new Error(`"${name}" is neither a host name nor an address; leave out https:// and ports`)
  })
}

/** The names and addresses under which clients here and on the network may reach this machine. */
function standardNames(): string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, scopeid = 0 }) => !internal && scopeid === 0)
    .map(({ address }) => address)
  const own = [hostname(), ...addresses].flatMap((name) => parseName(name) ?? [])
  return [...new Set(['localhost', '127.0.0.1', '::1', ...own])]
}

/**
 * Those that were given when the certificate was made. They stand before `localhost`, where the names of
 * the machine begin: those change with its networks, and are no promise to anyone.
 */
export function givenNames(certificate: X509Certificate): string[] {
  const entries = (certificate.subjectAltName ?? '').split(', ')
  const names = entries.map((entry) => entry.replace(/^(?:DNS|IP Address):/, ''))
  const own = names.indexOf('localhost')
  return names.slice(0, own === -1 ? names.length : own).flatMap((name) => parseName(name) ?? [])
}

/** Each name once, those of this machine last; what `givenNames` finds again. */
export function withStandardNames(given: readonly string[]): string[] {
  return [...new Set([...given.filter((name) => name !== 'localhost'), ...standardNames()])]
}

/** Whether the certificate has each of the names; it may have more. */
export function coversNames(certificate: X509Certificate, names: readonly string[]): boolean {
  const entries = (certificate.subjectAltName ?? '').split(', ')
  const hosts = new Set(entries.map((entry) => entry.replace(/^DNS:/, '')))
  return names.every((name) =>
    isIP(name) ? certificate.checkIP(name) !== undefined : hosts.has(name),
  )
}

function parseName(text: string): string | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare)) return isIPv6(bare) ? canonicalV6(bare) : bare
  const name = text.replace(/\.$/, '').toLowerCase()
  const isAddressLike = /(?:^|\.)\d+$/.test(name)
  return hostPattern.test(name) && name.length <= 253 && !isAddressLike ? name : undefined
}

/** The shortest form, without a zone. */
function canonicalV6(address: string): string | undefined {
  if (address.includes('%')) return undefined
  return new URL(`http://[${address}]/`).hostname.slice(1, -1)
}
