/**
 * Where a request really comes from and what address its client used, when a proxy stands in front.
 * Only proxies that the operator names are believed; what anyone else says of it is not looked at.
 */
import type { Socket } from 'node:net'
import { canonicalAddress, contains, findIpAddress, type Network } from '../../network/range.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext, Middleware, Said } from '../context.ts'
import type { Asked } from './asked-host.ts'
import { findClient, unknownAddress } from './forwarded-client.ts'
import { type ForwardedElement, parseForwarded } from './forwarded-header.ts'
import { findHost, formatHost, type Host } from './host.ts'

/** Must come first: the logs and the policies read the address that is found here. */
export function readForwarded(trustedProxies: readonly Network[]): Middleware {
  const isTrusted = (text: string) => {
    const address = findIpAddress(text)
    return address !== undefined && trustedProxies.some((network) => contains(network, address))
  }

  return (ctx, next) => {
    ctx.state.said = isTrusted(ctx.ip) ? readSaid(ctx, isTrusted) : undefined
    ctx.request.ip = ctx.state.said?.address ?? canonicalAddress(ctx.ip) ?? ctx.ip
    return next()
  }
}

/** Scheme and host as the client used them. Throws `hostMalformed` for a proxy's host that is none. */
export function originOf(ctx: GatewayContext, asked: Asked): string {
  const { said } = ctx.state
  const host = (said?.host && parseSaid(said.host)) ?? asked.host
  return `${said?.scheme ?? ctx.protocol}://${host ? formatHost(host) : localHost(ctx.req.socket)}`
}

function parseSaid({ header, found }: NonNullable<Said['host']>): Host {
  const host = findHost(found)
  if (host) return host
  // A proxy repeats what its client wrote.
  throw new RegistryError('hostMalformed', { detail: { header, found: found.slice(0, 200) } })
}

function readSaid(ctx: GatewayContext, isTrusted: (address: string) => boolean): Said {
  const forwarded = parseForwarded(ctx.get('Forwarded'))
  const chains = [listOf(ctx, 'X-Forwarded-For'), hopsOf(forwarded), listOf(ctx, 'X-Real-IP')]
  const { address, hop = 0 } = findClient(chains, isTrusted) ?? {}
  const valuesOf = (key: string) => forwarded?.map((element) => element.get(key) ?? '') ?? []
  const hostIn = (header: string, values: readonly string[]) => {
    // The value of the proxy that saw the client, or of the nearest to it; not one that the client sent.
    const found = values.slice(-1 - hop).find((value) => value !== '')
    return found === undefined ? undefined : { header, found }
  }
  return {
    address,
    scheme: schemeIn([...listOf(ctx, 'X-Forwarded-Proto'), ...valuesOf('proto')]),
    host:
      hostIn('X-Forwarded-Host', listOf(ctx, 'X-Forwarded-Host')) ??
      hostIn('Forwarded', valuesOf('host')),
  }
}

function listOf(ctx: GatewayContext, header: string): string[] {
  const text = ctx.get(header)
  return text === '' ? [] : text.split(',').map((item) => item.trim())
}

/** A header that cannot be read is a hop that cannot; one that names no hop says nothing of them. */
function hopsOf(elements: ForwardedElement[] | undefined): string[] {
  if (!elements) return [unknownAddress]
  const hops = elements.map((element) => element.get('for') ?? unknownAddress)
  return elements.some((element) => element.has('for')) ? hops : []
}

/** TLS may end at any proxy; those behind it then say `http` of their own connections. */
function schemeIn(values: readonly string[]): string | undefined {
  const schemes = values.map((value) => value.toLowerCase())
  return ['https', 'http'].find((scheme) => schemes.includes(scheme))
}

/** Where a request has arrived that names no host. */
function localHost({ localAddress = '', localPort }: Socket): string {
  const address = canonicalAddress(localAddress)
  // A socket of the file system has neither.
  if (address === undefined) return 'localhost'
  return `${address.includes(':') ? `[${address}]` : address}:${localPort}`
}
