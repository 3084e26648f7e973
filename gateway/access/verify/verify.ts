/**
 * Verifies access tokens, those of the built-in issuer and those of others, and reads from them who
 * is asking and what they may do at most. Each issuer's tokens are held to that issuer's keys alone.
 */
import { hash, type KeyObject } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Identity } from '../../../registry/protocol/call.ts'
import { findKey } from '../keys/find-key.ts'
import type { Trust, TrustSource } from '../keys/trust.ts'
import { identityFrom } from './claims.ts'
import { credentialClaim } from './fingerprints.ts'
import { quote, TokenRefused } from './refused.ts'

export type Authority = {
  issuer: string
  /** The name in `aud`. */
  service: string
  /** As `allowedAlgorithms` answers them. */
  algorithms: readonly string[]
  trust: TrustSource
  /** Reads who is asking; without it, the claims are those of registry tokens. */
  identityOf?: (payload: JWTPayload) => Identity
  /** Throws `TokenRefused` once the credential that a token of this issuer is tied to has ended. */
  confirm?: (name: string, fingerprint: unknown) => Promise<void>
}

export type Verifier = ReturnType<typeof createVerifier>

type Read = { identity: Identity; fingerprint: unknown }
type Remembered = Read & { endsAt: number; trust: Trust; authority: Authority }

/** Longer ones do not fit into the headers of a request. */
const longestToken = 32 * 1024
/** How far the clocks of issuers may be from ours. */
export const leewaySeconds = 60

/** An access token is called one of these, or nothing; a refresh token never is. */
const accessTypes = new Set([undefined, 'jwt', 'at+jwt'])

/** Some ten thousand tokens of the usual size. Looking one up costs a fortieth of a signature. */
const mostRemembered = 32 * 1024 * 1024

/** About what is kept of a token: what it grants, as objects, takes more than its text. */
const sizeOf = (token: string) => 512 + 3 * token.length

/** `remember` is how many bytes may be kept of tokens that were verified. */
export function createVerifier({
  authorities,
  remember = mostRemembered,
  now = Date.now,
}: {
  authorities: readonly Authority[]
  remember?: number
  now?: () => number
}) {
  const verified = new LRUCache<string, Remembered>({ maxSize: Math.max(1, remember) })

  /** Throws `TokenRefused`. */
  return async function verify(token: string): Promise<Identity> {
    if (token.length > longestToken) throw new TokenRefused('it is too long')
    const digest = hash('sha256', token, 'base64')
    const known = verified.get(digest)
    if (known && now() < known.endsAt && (await hasSameKeys(known))) {
      return confirmed(known, known.authority)
    }

    const authority = authorityOf(token, authorities)
    const trust = await authority.trust.load()
    const payload = await payloadOf(token, authority, new Date(now()))
    const read = readFrom(payload, authority)
    const endsAt = (Number(payload.exp) + leewaySeconds) * 1000
    const kept = { ...read, endsAt, trust, authority }
    if (remember > 0) verified.set(digest, kept, { size: sizeOf(token) })
    return confirmed(read, authority)
  }
}

function readFrom(payload: JWTPayload, { identityOf = identityFrom }: Authority): Read {
  return { identity: identityOf(payload), fingerprint: payload[credentialClaim] }
}

/** Asked at each request, as the policy is. A stranger's token is tied to nothing. */
async function confirmed({ identity, fingerprint }: Read, authority: Authority): Promise<Identity> {
  if (identity.name !== undefined) await authority.confirm?.(identity.name, fingerprint)
  return identity
}

/** With any change of the keys, what they verified is verified again. */
async function hasSameKeys({ trust, authority }: Remembered): Promise<boolean> {
  return (await authority.trust.load()) === trust
}

/** The authority that the token names; its keys have to confirm that. */
function authorityOf(token: string, authorities: readonly Authority[]): Authority {
  const issuer = claimedIssuer(token)
  const authority = authorities.find((it) => it.issuer === issuer)
  if (authority) return authority
  const wanted = authorities.map((it) => it.issuer)
  throw new TokenRefused(`its iss ${quote(issuer)} is none of ${quote(wanted)}`)
}

function claimedIssuer(token: string): unknown {
  try {
    requireAccessType(decodeProtectedHeader(token).typ)
    return decodeJwt(token).iss
  } catch (cause) {
    if (cause instanceof TokenRefused) throw cause
    throw new TokenRefused('it is not a JSON web token', { cause })
  }
}

function requireAccessType(typ: unknown): void {
  const plain = typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ
  if (accessTypes.has(plain as string)) return
  throw new TokenRefused(`its typ ${quote(typ)} is not that of an access token`)
}

async function payloadOf(
  token: string,
  authority: Authority,
  currentDate: Date,
): Promise<JWTPayload> {
  const find = (header: object): Promise<KeyObject> => findKey(header, authority.trust)
  try {
    const { payload } = await jwtVerify(token, find, {
      algorithms: [...authority.algorithms],
      issuer: authority.issuer,
      audience: authority.service,
      requiredClaims: ['exp'],
      clockTolerance: leewaySeconds,
      currentDate,
    })
    return payload
  } catch (cause) {
    throw await refusalOf(cause, authority)
  }
}

/** jose checks the time last, so what it calls expired is a good token in every other way. */
async function refusalOf(cause: unknown, authority: Authority): Promise<TokenRefused> {
  const { service, algorithms } = authority
  if (cause instanceof TokenRefused) return cause
  if (cause instanceof errors.JWTExpired) {
    const at = new Date(Number(cause.payload.exp) * 1000)
    // An expired token may still be let in, for example to end an upload; one that was ended may not.
    const identity = await confirmed(readFrom(cause.payload, authority), authority)
    const expired = { identity, at }
    return new TokenRefused(`it expired at ${at.toISOString()}`, { cause, expired })
  }
  if (cause instanceof errors.JWTClaimValidationFailed) {
    const found = quote(cause.payload[cause.claim])
    const wanted = cause.claim === 'aud' ? `, wanted ${quote(service)}` : ''
    return new TokenRefused(`its ${cause.claim} is ${found}${wanted}`, { cause })
  }
  if (cause instanceof errors.JOSEAlgNotAllowed) {
    return new TokenRefused(`its alg is none of ${algorithms.join(', ')}`, { cause })
  }
  return new TokenRefused('its signature or its form is wrong', { cause })
}
