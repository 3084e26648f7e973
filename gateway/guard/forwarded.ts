/**
 * Where a request really comes from and what address its client used, when a proxy stands in front.
 * Only proxies that the operator names are believed; what anyone else says of it is not looked at.
 */
import type { Socket } from 'node:net'
import { canonicalAddress, contains, findAddress, parseNetwork } from '../../policies/network.ts'
import type { Context, Middleware } from '../state.ts'
import { findClient, unknownAddress } from './forwarded-client.ts'
import { type ForwardedElement, parseForwarded } from './forwarded-header.ts'
import { findHost } from './host.ts'

type Said = { address?: string | undefined; scheme?: string | undefined; host?: string | undefined }

/** Must come first: whoever logs or asks for an address asks for the one found here. */
export function readForwarded(trustedProxies: readonly string[]): Middleware {
  const networks = trustedProxies.map(parseNetwork)
  const isTrusted = (text: string) => {
    const address = findAddress(text)
    return address !== undefined && networks.some((network) => contains(network, address))
  }

  return (ctx, next) => {
    const said = isTrusted(ctx.ip) ? readSaid(ctx, isTrusted) : {}
    ctx.request.ip = said.address ?? canonicalAddress(ctx.ip) ?? ctx.ip
    ctx.state.origin = `${said.scheme ?? ctx.protocol}://${said.host ?? hostOf(ctx)}`
    return next()
  }
}

function readSaid(ctx: Context, isTrusted: (address: string) => boolean): Said {
  const forwarded = parseForwarded(ctx.get('Forwarded'))
  const chains = [listOf(ctx, 'X-Forwarded-For'), hopsOf(forwarded), listOf(ctx, 'X-Real-IP')]
  const { address, hop = 0 } = findClient(chains, isTrusted) ?? {}
  const valuesOf = (key: string) => forwarded?.map((element) => element.get(key) ?? '') ?? []
  return {
    address,
    scheme: schemeIn([...listOf(ctx, 'X-Forwarded-Proto'), ...valuesOf('proto')]),
    host: hostIn(listOf(ctx, 'X-Forwarded-Host'), hop) ?? hostIn(valuesOf('host'), hop),
  }
}

function listOf(ctx: Context, header: string): string[] {
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

/** What the proxy said that saw the client, or the nearest to it; not what the client said before. */
function hostIn(values: readonly string[], hop: number): string | undefined {
  return values.slice(-1 - hop).find((value) => findHost(value))
}

/** A client that names no host, or one that cannot stand in a URL, is told where it has arrived. */
function hostOf({ req }: Context): string {
  const { host = '' } = req.headers
  return findHost(host) ? host : localHost(req.socket)
}

function localHost({ localAddress = '', localPort }: Socket): string {
  const address = canonicalAddress(localAddress)
  // A socket of the file system has neither.
  if (address === undefined) return 'localhost'
  return `${address.includes(':') ? `[${address}]` : address}:${localPort}`
}
