/**
 * Refresh tokens: what a client keeps in place of a password to get access tokens with. They are of
 * another type than access tokens, so neither is ever taken for the other. Each is a session that is
 * on record, and ends with the password it was given out for.
 */
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { SigningKeys } from '../keys/signing-keys.ts'
import { credentialClaim, type Fingerprints, type SignedIn } from '../verify/fingerprints.ts'
import { quote, TokenRefused } from '../verify/refused.ts'
import { groupsClaim } from './issue.ts'
import type { Sessions } from './sessions.ts'

const refreshType = 'kura-refresh+jwt'

type Options = {
  keys: SigningKeys
  issuer: string
  service: string
  seconds: number
  fingerprints: Pick<Fingerprints, 'confirm'>
  sessions: Pick<Sessions, 'begin' | 'isThere'>
}

/** The client that keeps the token, for the list of sessions. */
type Keeper = { client: string; address: string }

export type RefreshTokens = ReturnType<typeof createRefreshTokens>

const longestToken = 16 * 1024

const claims = z.object({
  sub: z.string().min(1).max(1024),
  exp: z.int(),
  jti: z.uuid(),
  [credentialClaim]: z.string().optional(),
  [groupsClaim]: z.array(z.string()).default([]),
})

export function createRefreshTokens(options: Options) {
  const { keys, issuer, service, seconds, fingerprints, sessions } = options
  return {
    /** Undefined for all but users with a password: it would outlive strangers, and other tokens. */
    async issue({ identity, fingerprint }: SignedIn, by: Keeper): Promise<string | undefined> {
      const { name, groups, method } = identity
      if (name === undefined || fingerprint === undefined || method !== 'htpasswd') return undefined
      const { kid, key } = await keys.signing()
      const now = Math.floor(Date.now() / 1000)
      const session = await sessions.begin({ user: name, fingerprint, ...by }, now + seconds)
      const claims = {
        [credentialClaim]: fingerprint,
        ...(groups.length > 0 && { [groupsClaim]: groups }),
      }
      return new SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', typ: refreshType, kid })
        .setIssuer(issuer)
        .setSubject(name)
        .setAudience(service)
        .setIssuedAt(now)
        .setExpirationTime(session.endsAt)
        .setJti(session.id)
        .sign(key)
    },

    /** Throws `TokenRefused`. */
    async verify(token: string): Promise<SignedIn> {
      if (token.length > longestToken) throw new TokenRefused('the refresh token is too long')
      const { sub: name, exp, jti, ...claims } = await payloadOf(token)
      const { [credentialClaim]: fingerprint, [groupsClaim]: groups } = claims
      await fingerprints.confirm(name, fingerprint)
      if (!(await sessions.isThere({ user: name, id: jti, endsAt: exp }))) {
        throw new TokenRefused(`this session of ${quote(name)} was ended`, { user: name })
      }
      const identity = { name, groups, method: 'refresh-token' }
      return { identity, ...(fingerprint !== undefined && { fingerprint }) }
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
