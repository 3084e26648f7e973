/**
 * Where a request really comes from and what address its client used, when a proxy stands in front.
 * Only proxies that the operator names are believed; what anyone else says of it is not looked at.
 */
import { contains, findAddress, parseNetwork } from '../../policies/network.ts'
import type { Context, Middleware } from '../state.ts'

/** Must come first: whoever logs or asks for an address asks for the one found here. */
export function readForwarded(trustedProxies: readonly string[]): Middleware {
  const networks = trustedProxies.map(parseNetwork)
  const isTrusted = (text: string) => {
    const address = findAddress(text)
    return address !== undefined && networks.some((network) => contains(network, address))
  }

  return (ctx, next) => {
    const believed = isTrusted(ctx.ip)
    if (believed) ctx.request.ip = clientOf(ctx, isTrusted)
    const scheme = believed && said(ctx, 'X-Forwarded-Proto', /^https?$/)
    const host =
      believed &&
      said(ctx, 'X-Forwarded-Host', /^[\w.-]+(?::\d{1,5})?$|^\[[\da-f:.]+\](?::\d{1,5})?$/i)
    ctx.state.origin = `${scheme || ctx.protocol}://${host || ctx.host}`
    return next()
  }
}

/** Each proxy adds whom it talked to, so the last one that is no proxy of ours is the client. */
function clientOf(ctx: Context, isTrusted: (address: string) => boolean): string {
  const hops = ctx
    .get('X-Forwarded-For')
    .split(',')
    .map((hop) => hop.trim())
  const client = hops.reverse().find((hop) => !isTrusted(hop))
  // Nobody may be taken for another because of what cannot be read.
  return client && findAddress(client) ? client : ctx.ip
}

/** What the proxy next to us said: with several values, that is the last. */
function said(ctx: Context, header: string, allowed: RegExp): string | undefined {
  const last = ctx.get(header).split(',').at(-1)?.trim() ?? ''
  return allowed.test(last) ? last : undefined
}
