/**
 * The WWW-Authenticate header of a 401: how to sign in here and, for tokens, what a token must speak
 * of. Clients compare and split this text, so every byte of it is fixed.
 */
import type { Target } from '../../registry/protocol/endpoints.ts'

/** A `realm` that begins with a slash is a path below the address that the client used. */
export type ChallengeConfig =
  | { scheme: 'basic'; realm: string }
  | { scheme: 'bearer'; realm: string; service: string }

export type ChallengeRequest = {
  target?: Target
  /** The repository that an upload would mount from, as the client wrote it. */
  mountFrom?: string
  /** Only for a client that came with a token. */
  error?: 'invalid_token' | 'insufficient_scope'
  /** The address that the client used: `https://registry.example`. */
  base: string
}

export type Challenge = ReturnType<typeof createChallenge>

/** The scope that a target needs; a push needs `pull` too, as clients look before they push. */
const scopeFor: Record<Target['action'], (target: Target) => string | undefined> = {
  ping: () => undefined,
  list: () => 'registry:catalog:*',
  pull: ({ repository }) => `repository:${repository}:pull`,
  push: ({ repository }) => `repository:${repository}:pull,push`,
  delete: ({ repository }) => `repository:${repository}:delete`,
}

export function createChallenge(config: ChallengeConfig) {
  const { realm } = config
  if (config.scheme === 'basic') {
    const text = `Basic realm=${quoted(realm)}`
    return (_request: ChallengeRequest): string => text
  }

  const service = quoted(config.service)
  return ({ target, mountFrom, error, base }: ChallengeRequest): string => {
    const address = realm.startsWith('/') ? base.replace(/\/+$/, '') + realm : realm
    const scopes = target ? scopesOf(target, mountFrom) : ''
    const parts = [
      `Bearer realm=${quoted(address)}`,
      `service=${service}`,
      scopes && `scope=${quoted(scopes)}`,
      error && `error=${quoted(error)}`,
    ]
    return parts.filter(Boolean).join(',')
  }
}

function scopesOf(target: Target, mountFrom: string | undefined): string {
  const scopes = [scopeFor[target.action](target)]
  const mounts = target.action === 'push' && mountFrom !== target.repository
  if (mounts && isPlain(mountFrom)) scopes.push(`repository:${mountFrom}:pull`)
  return scopes.filter(Boolean).join(' ')
}

/** A source with any other character can be no repository, and could write scopes of its own. */
const isPlain = (name: string | undefined) =>
  name !== undefined && /^[a-zA-Z0-9][a-zA-Z0-9._/-]{0,254}$/.test(name)

/** A quoted-string of RFC 9110; what cannot stand in a header is left out. */
const quoted = (text: string) =>
  `"${text.replace(/[^\x20-\x7e]/g, '').replace(/["\\]/g, (character) => `\\${character}`)}"`
