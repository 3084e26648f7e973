/**
 * Identity tokens of other issuers, such as a build service or a cluster signs for its jobs, in place
 * of a password. They name a user, and no rights: those are in the policies.
 */
import type { JWTPayload } from 'jose'
import type { Identity } from '../../../registry/protocol/call.ts'
import { asymmetric } from '../keys/algorithms.ts'
import { openTrust, type TrustOptions } from '../keys/trust.ts'
import { refusePrefix } from './issuers.ts'
import { quote, TokenRefused } from './refused.ts'
import type { Authority } from './verify.ts'

export type OidcIssuer = {
  issuer: string
  /** The name in `aud`: this registry, so that a token made for another place is worth nothing. */
  audience: string
  /** Where its keys are: a URL, or a file where that cannot be reached. */
  keys: Pick<TrustOptions, 'jwks' | 'jwksUrl'>
  /** Begins every name and group of this issuer, so that none is taken for one of ours: `github`. */
  prefix: string
  nameClaim?: string
  groupsClaim?: string
  /**
   * Claims that must have exactly this value. A service that signs for everyone in the world is only
   * told from that world by one of these.
   */
  require?: Record<string, string>
}

const longestName = 255
const mostGroups = 200

/** Throws for an issuer that could pass for another; otherwise as `openTrust` does. */
export async function openOidcAuthority(
  it: OidcIssuer,
  report: (error: unknown) => void,
): Promise<Authority> {
  refusePrefix(it)
  const trust = await openTrust({ ...it.keys, report })
  const identityOf = (payload: JWTPayload) => identityFrom(payload, it)
  return { issuer: it.issuer, service: it.audience, algorithms: asymmetric, trust, identityOf }
}

function identityFrom(payload: JWTPayload, it: OidcIssuer): Identity {
  const { prefix, nameClaim = 'sub', groupsClaim, require = {} } = it
  for (const [claim, wanted] of Object.entries(require)) {
    const found = claimOf(payload, claim)
    if (found === wanted) continue
    throw new TokenRefused(`its ${claim} is ${quote(found)}, wanted ${quote(wanted)}`)
  }
  const name = claimOf(payload, nameClaim)
  if (!isName(name)) throw new TokenRefused(`its ${nameClaim} ${quote(name)} is no name`)

  const groups = groupsClaim === undefined ? [] : groupsOf(claimOf(payload, groupsClaim))
  return {
    name: `${prefix}:${name}`,
    groups: groups.map((group) => `${prefix}:${group}`),
    method: 'oidc',
  }
}

const claimOf = (payload: JWTPayload, claim: string): unknown =>
  Object.hasOwn(payload, claim) ? payload[claim] : undefined

function groupsOf(found: unknown): string[] {
  const list = found === undefined ? [] : [found].flat()
  if (list.length <= mostGroups && list.every(isName)) return list
  throw new TokenRefused('its groups are not a list of names')
}

function isName(found: unknown): found is string {
  if (typeof found !== 'string' || found.length > longestName) return false
  return /^\S+$/.test(found) && !/\p{Cc}/u.test(found)
}
