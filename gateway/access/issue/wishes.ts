/** Reads a request to the token endpoint, from its query or from its form. */
import type { GatewayContext } from '../../context.ts'
import type { SignedIn } from '../verify/fingerprints.ts'
import { readForm, single } from './form.ts'
import { GrantRefused } from './grant-refused.ts'
import { createProofs, type ProofParts } from './proofs.ts'

export type Wish = {
  signedIn: SignedIn
  /** Whether a password was shown, or a token in the place of one. */
  byPassword: boolean
  scopes: string[]
  service: string | undefined
  /** The name that the client gives, such as `docker`. */
  client: string
  /** Whether a refresh token is asked for. */
  offline: boolean
}

export type WishParts = ProofParts & { bodyWithinMs?: number }

const mostBytes = 64 * 1024

/** Each reader throws `GrantRefused` unless the credentials are right or absent. */
export function createWishReaders(parts: WishParts) {
  const { bodyWithinMs = 10_000 } = parts
  const { byHeader, byPassword, byRefreshToken } = createProofs(parts)

  /** How each kind of grant proves its user. */
  const grants: Record<string, (form: URLSearchParams, address: string) => Promise<SignedIn>> = {
    password: (form, address) => {
      const [name, password] = [single(form, 'username'), single(form, 'password')]
      return byPassword({ name, password }, address)
    },
    refresh_token: (form) => byRefreshToken(single(form, 'refresh_token')),
  }

  return { GET: readQuery, POST: readPosted }

  async function readQuery(ctx: GatewayContext, address: string): Promise<Wish> {
    const query = new URLSearchParams(ctx.querystring)
    const signedIn = await byHeader(ctx.req.headersDistinct.authorization, address)
    return {
      signedIn,
      byPassword: signedIn.identity.name !== undefined,
      scopes: query.getAll('scope'),
      service: query.get('service') ?? undefined,
      client: clientOf(query),
      offline: query.get('offline_token') === 'true',
    }
  }

  async function readPosted(ctx: GatewayContext, address: string): Promise<Wish> {
    const { signal } = ctx.state
    const form = await readForm(ctx.req, { mostBytes, withinMs: bodyWithinMs, signal })
    const type = single(form, 'grant_type')
    const reader = Object.hasOwn(grants, type) ? grants[type] : undefined
    if (!reader) throw new GrantRefused('grantType')
    return {
      signedIn: await reader(form, address),
      byPassword: type === 'password',
      scopes: form.getAll('scope'),
      service: form.has('service') ? single(form, 'service') : undefined,
      client: clientOf(form),
      // A request with a refresh token needs no second one.
      offline: type === 'password' && form.get('access_type') === 'offline',
    }
  }
}

const longestClient = 64

/** It comes from a stranger, and is shown to an administrator on a line. */
function clientOf(parameters: URLSearchParams): string {
  const name = parameters.get('client_id') ?? ''
  return name.slice(0, longestClient).replace(/[^\x21-\x7e]/g, '?')
}
