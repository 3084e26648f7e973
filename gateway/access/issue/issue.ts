/**
 * Issues the access tokens of the built-in issuer: signed, short-lived, and for no more than the
 * policies allow at this moment.
 */
import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import type { Grant } from '../../../registry/protocol/call.ts'
import { parseAnyRepository } from '../../../registry/protocol/name.ts'
import type { SigningKeys } from '../keys/signing-keys.ts'
import { isWithinBound } from '../verify/bound.ts'
import { credentialClaim, type SignedIn } from '../verify/fingerprints.ts'

export type Decide = (question: {
  name: string | undefined
  groups: readonly string[]
  action: string
  repository: string
  address?: string
}) => { allowed: boolean }

/** The claim that carries groups; no other issuer writes it. */
export const groupsClaim = 'kura_groups'

const accessType = 'JWT'

export type TokenRequest = SignedIn & {
  scopes: readonly Grant[]
  service: string
  issuer: string
  seconds: number
  address?: string
}

export type IssuedToken = { token: string; access: Grant[]; issuedAt: Date; seconds: number }

export type TokenIssuer = ReturnType<typeof createTokenIssuer>

export function createTokenIssuer({ keys, decide }: { keys: SigningKeys; decide: Decide }) {
  /** Asking for more than is allowed is no error: the token speaks of what is left. */
  return async function issueToken(request: TokenRequest): Promise<IssuedToken> {
    const { identity, fingerprint, service, issuer, seconds } = request
    const access = grantedOf(request, decide)
    const now = Math.floor(Date.now() / 1000)
    const { kid, key } = await keys.signing()
    const groups = identity.groups.length > 0 && { [groupsClaim]: identity.groups }
    const tied = fingerprint !== undefined && { [credentialClaim]: fingerprint }
    const token = await new SignJWT({ access, ...groups, ...tied })
      .setProtectedHeader({ alg: 'ES256', typ: accessType, kid })
      .setIssuer(issuer)
      .setSubject(identity.name ?? '')
      .setAudience(service)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + seconds)
      .setJti(randomUUID())
      .sign(key)
    return { token, access, issuedAt: new Date(now * 1000), seconds }
  }
}

/** The actions that a scope may ask for, by type; `*` asks for all of them. */
const grantable: Record<string, readonly string[]> = {
  repository: ['pull', 'push', 'delete'],
  registry: ['*'],
}

function grantedOf({ identity, scopes, address }: TokenRequest, decide: Decide): Grant[] {
  const { name, groups, bound } = identity
  return scopes.flatMap(({ type, name: resource, actions: asked }) => {
    if (!isResource(type, resource)) return []

    const question = { name, groups, ...(address !== undefined && { address }) }
    const wanted = (grantable[type] ?? []).filter((it) => asked.includes(it) || asked.includes('*'))
    const actions = wanted.filter(
      (action) =>
        isWithinBound(bound, { type, name: resource, action }) &&
        decide({ ...question, ...asPolicy(type, resource, action) }).allowed,
    )
    return actions.length > 0 ? [{ type, name: resource, actions }] : []
  })
}

/** The catalog is asked for as its endpoint asks: to list, and in no repository. */
const asPolicy = (type: string, resource: string, action: string) =>
  type === 'registry' ? { action: 'list', repository: '' } : { action, repository: resource }

function isResource(type: string, name: string): boolean {
  if (type === 'registry') return name === 'catalog'
  try {
    parseAnyRepository(name)
    return true
  } catch {
    return false
  }
}
