/** The 401: says how to sign in, and not why the credentials that came were refused. */
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext } from '../context.ts'
import type { Challenge } from './challenge.ts'

/** `error` is for clients that came with a token. */
export function unauthorized(
  ctx: GatewayContext,
  challenge: Challenge,
  error?: 'invalid_token' | 'insufficient_scope',
): RegistryError {
  const { target, origin: base } = ctx.state
  const mountFrom = new URLSearchParams(ctx.querystring).get('from') ?? undefined
  const header = challenge({
    target,
    base,
    ...(mountFrom && { mountFrom }),
    ...(error && { error }),
  })
  const { repository: Name, action: Action } = target
  // Tools written for registry:2 read the keys with their capitals.
  const detail = Name ? [{ Type: 'repository', Class: '', Name, Action }] : null
  return new RegistryError('unauthorized', { detail, headers: { 'WWW-Authenticate': header } })
}
