/**
 * Tells browsers to come back over TLS only (RFC 6797), where the TLS is our own and the host has a name
 * that the whole network knows by. `http.headers` says otherwise where it names the header.
 */
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { GatewayContext, Middleware } from '../context.ts'
import { findHost, plainName } from '../guard/host.ts'

export const strictTransport = 'Strict-Transport-Security'

/** For a host with all its ports, of which the others are none of ours: long enough, and soon forgotten. */
const forThirtyDays = 'max-age=2592000'

export const keepToTls: Middleware = (ctx, next) => {
  if (isOurTls(ctx) && isNamed(ctx)) ctx.set(strictTransport, forThirtyDays)
  return next()
}

/** The TLS that a client sees ends at the first proxy, and only that one knows what it may promise. */
function isOurTls({ req, state }: GatewayContext): boolean {
  return (req.socket as TLSSocket).encrypted === true && state.said === undefined
}

/** Browsers take no heed of it for an address, and `localhost` is everybody's own machine. */
function isNamed({ req }: GatewayContext): boolean {
  const name = plainName(findHost(req.headers.host ?? '')?.name ?? '')
  return name !== '' && !isIP(name) && !/(?:^|\.)localhost$/.test(name)
}
