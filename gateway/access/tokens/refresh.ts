/**
 * Refresh tokens: what a client keeps in place of a password to get access tokens with. They are of
 * another type than access tokens, so neither is ever taken for the other.
 */
import { randomUUID } from 'node:crypto'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { Identity } from '../../../registry/spec/call.ts'
import { groupsClaim } from './issue.ts'
import { quote, TokenRefused } from './refused.ts'
import type { SigningKeys } from './signing-keys.ts'

const refreshType = 'kura-refresh+jwt'

type Options = {
  keys: SigningKeys
  issuer: string
  service: string
  seconds: number
  /** A refresh token of someone who is gone is worth nothing. */
  userExists: (name: string) => Promise<boolean> | boolean
}

export type RefreshTokens = ReturnType<typeof createRefreshTokens>

const longestToken = 16 * 1024

const claims = z.object({
  sub: z.string().min(1).max(1024),
  [groupsClaim]: z.array(z.string()).default([]),
})

export function createRefreshTokens({ keys, issuer, service, seconds, userExists }: Options) {
  return {
    /** Undefined for whom it would outlive: strangers, and those a token has brought here. */
    async issue({ name, groups, bound }: Identity): Promise<string | undefined> {
      if (name === undefined || bound || !(await userExists(name))) return undefined
      const { kid, key } = await keys.signing()
      const now = Math.floor(Date.now() / 1000)
      return new SignJWT(groups.length > 0 ? { [groupsClaim]: groups } : {})
        .setProtectedHeader({ alg: 'ES256', typ: refreshType, kid })
        .setIssuer(issuer)
        .setSubject(name)
        .setAudience(service)
        .setIssuedAt(now)
        .setExpirationTime(now + seconds)
        .setJti(randomUUID())
        .sign(key)
    },

    /** Throws `TokenRefused`. */
    async verify(token: string): Promise<Identity> {
      if (token.length > longestToken) throw new TokenRefused('the refresh token is too long')
      const { sub: name, [groupsClaim]: groups } = await payloadOf(token)
      if (await userExists(name)) return { name, groups, method: 'refresh-token' }
      throw new TokenRefused(`there is no user ${quote(name)} any more`)
    },
  }

  async function payloadOf(token: string) {
    try {
      const { payload } = await jwtVerify(token, ({ kid }) => keyNamed(kid), {
        algorithms: ['ES256'],
        typ: refreshType,
        issuer,
        audience: service,
        requiredClaims: ['sub', 'exp', 'jti'],
      })
      return claims.parse(payload)
    } catch (cause) {
      if (cause instanceof TokenRefused) throw cause
      const code = cause instanceof errors.JOSEError ? cause.code : 'its claims are wrong'
      throw new TokenRefused(`the refresh token is not one of ours: ${code}`, { cause })
    }
  }

  async function keyNamed(kid: string | undefined) {
    const find = async () => (await keys.verifying()).find((it) => it.kid === kid)
    let found = await find()
    if (!found) {
      await keys.refresh()
      found = await find()
    }
    if (found) return found.key
    throw new TokenRefused(`the kid ${quote(kid)} of the refresh token is none of ours`)
  }
}
