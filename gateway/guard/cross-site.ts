/**
 * Refuses writes that a page of another site has its visitor's browser send. The browser adds the
 * password or certificate that it remembers, and asks no one before a plain POST. Origins that
 * `Access-Control-Allow-Origin` of `http.headers` names may write. A client that is no browser, such
 * as docker, names no site and goes on as ever.
 */
import type { TLSSocket } from 'node:tls'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext, Middleware } from '../context.ts'

type Options = {
  /** `http.headers`. */
  headers: Record<string, string[]>
  /** `http.host`: an address that clients use for certain. */
  host: string | undefined
}

const reading = new Set(['GET', 'HEAD', 'OPTIONS'])

export function refuseCrossSite({ headers, host }: Options): Middleware {
  const allowed = allowedOrigins(headers)
  const configured = host === undefined ? undefined : originOf(host)

  return (ctx, next) => {
    if (reading.has(ctx.method) || !isForeign(ctx) || isAllowed(ctx)) return next()
    const allows = 'origins that Access-Control-Allow-Origin in http.headers names'
    throw new RegistryError('crossSite', {
      detail: { origin: ctx.get('Origin').slice(0, 200), allowed: allows },
    })
  }

  /** A browser that says where its page stands knows better than we do behind a proxy. */
  function isForeign(ctx: GatewayContext): boolean {
    const site = ctx.get('Sec-Fetch-Site')
    if (site !== '') return site !== 'same-origin' && site !== 'none'
    const origin = ctx.get('Origin')
    return origin !== '' && origin !== configured && !isWhereItAsks(origin, ctx.state.origin)
  }

  function isAllowed(ctx: GatewayContext): boolean {
    if (allowed.has(ctx.get('Origin'))) return true
    // A browser sends no credentials where any origin is allowed, but for a POST it does not ask first.
    return allowed.has('*') && (ctx.method !== 'POST' || !showsCredentials(ctx))
  }
}

function allowedOrigins(headers: Record<string, string[]>): ReadonlySet<string> {
  const named = Object.entries(headers).filter(([name]) =>
    /^access-control-allow-origin$/i.test(name),
  )
  return new Set(named.flatMap(([, values]) => values).flatMap((value) => value.split(/[\s,]+/)))
}

/** `asked` may be plain where TLS ends at a proxy that does not say so, but never the other way. */
function isWhereItAsks(origin: string, asked: string): boolean {
  const [scheme, authority] = asked.split('://')
  const from = originOf(origin)
  if (from === undefined || (scheme === 'https' && !from.startsWith('https:'))) return false
  return from === originOf(`${from.split(':')[0]}://${authority}`)
}

function originOf(url: string): string | undefined {
  const { protocol, origin } = URL.parse(url) ?? {}
  return protocol === 'http:' || protocol === 'https:' ? origin : undefined
}

function showsCredentials({ req }: GatewayContext): boolean {
  return req.headers.authorization !== undefined || (req.socket as TLSSocket).authorized === true
}
