/** Reads what a client wants of the token endpoint and who it is, from a query or from a form. */
import type { Identity } from '../../../registry/spec/call.ts'
import type { Context } from '../../state.ts'
import { type CheckPassword, wrongPassword } from '../authenticate.ts'
import { BadCredentials, parseAuthorization } from '../credentials.ts'
import { LoginRefused } from '../login-refused.ts'
import { LoginDelayed } from '../passwords-delayed.ts'
import { readForm, single } from './form.ts'
import { GrantRefused } from './grant-refused.ts'
import type { RefreshTokens } from './refresh.ts'
import { TokenRefused } from './refused.ts'

export type Wish = {
  identity: Identity
  scopes: string[]
  service: string | undefined
  /** Whether a refresh token is asked for. */
  offline: boolean
}

export type WishParts = {
  refreshTokens: RefreshTokens
  checkPassword: CheckPassword
  bodyWithinMs?: number
}

const stranger: Identity = { name: undefined, groups: [], method: 'none' }
const mostBytes = 64 * 1024

/** Each reader throws `GrantRefused` unless the credentials are right or absent. */
export function createWishReaders(parts: WishParts) {
  const { refreshTokens, checkPassword, bodyWithinMs = 10_000 } = parts

  /** How each kind of grant says who is asking. */
  const grants: Record<string, (form: URLSearchParams, address: string) => Promise<Identity>> = {
    password: (form, address) => {
      const [name, password] = [single(form, 'username'), single(form, 'password')]
      return identityOfPassword({ name, password }, address)
    },
    refresh_token: (form) => identityOfRefresh(single(form, 'refresh_token')),
  }

  return { GET: readQuery, POST: readPosted }

  async function readQuery(ctx: Context, address: string): Promise<Wish> {
    const query = new URLSearchParams(ctx.querystring)
    return {
      identity: await identityOfHeader(ctx.req.headersDistinct.authorization, address),
      scopes: query.getAll('scope'),
      service: query.get('service') ?? undefined,
      offline: query.get('offline_token') === 'true',
    }
  }

  async function readPosted(ctx: Context, address: string): Promise<Wish> {
    const { signal } = ctx.state
    const form = await readForm(ctx.req, { mostBytes, withinMs: bodyWithinMs, signal })
    const type = single(form, 'grant_type')
    const reader = Object.hasOwn(grants, type) ? grants[type] : undefined
    if (!reader) throw new GrantRefused('grantType')
    return {
      identity: await reader(form, address),
      scopes: form.getAll('scope'),
      service: form.has('service') ? single(form, 'service') : undefined,
      // Whoever comes with a refresh token has one.
      offline: type === 'password' && form.get('access_type') === 'offline',
    }
  }

  /** A credential that cannot be read is a wrong one; nobody becomes a stranger by mistake. */
  async function identityOfHeader(header: string[] | undefined, address: string) {
    try {
      const credentials = parseAuthorization(header)
      if (!credentials) return stranger
      if (credentials.scheme === 'basic') return await identityOfPassword(credentials, address)
      throw refused({ reason: 'a bearer token is no password' })
    } catch (error) {
      if (!(error instanceof BadCredentials)) throw error
      throw refused({ reason: error.message })
    }
  }

  async function identityOfPassword(
    { name, password }: { name: string; password: string },
    address: string,
  ): Promise<Identity> {
    const user = name
    try {
      const identity = await checkPassword(name, password, address)
      if (identity) return identity
    } catch (error) {
      if (error instanceof LoginRefused) {
        throw refused({ ...(!error.hidesName && { user }), reason: error.reason })
      }
      if (!(error instanceof LoginDelayed)) throw error
      const headers = { 'Retry-After': `${error.seconds}` }
      throw new GrantRefused('delayed', {
        headers,
        told: { what: 'delayed', user, reason: error.message },
      })
    }
    throw refused({ user, reason: wrongPassword })
  }

  async function identityOfRefresh(token: string): Promise<Identity> {
    try {
      return await refreshTokens.verify(token)
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error
      throw refused({ reason: error.reason })
    }
  }
}

const refused = (told: { user?: string; reason: string }) =>
  new GrantRefused('credentials', { told: { what: 'login', ...told } })
