/** The public keys of the built-in issuer, for others who want to check its tokens (RFC 7517). */
import type { Middleware } from '../../context.ts'
import type { SigningKeys } from './signing-keys.ts'

export function publishKeys(path: string, keys: Pick<SigningKeys, 'jwks'>): Middleware {
  return async (ctx, next) => {
    if (ctx.path !== path || ctx.method !== 'GET') return next()
    const text = JSON.stringify(await keys.jwks())
    ctx.set({ 'Content-Type': 'application/jwk-set+json', 'Cache-Control': 'max-age=60' })
    ctx.body = text
  }
}
