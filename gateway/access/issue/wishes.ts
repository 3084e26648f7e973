/** Reads what a client wants of the token endpoint and who it is, from a query or from a form. */
import type { Context } from '../../state.ts'
import { wrongPassword } from '../authenticate.ts'
import { BadCredentials, parseAuthorization } from '../credentials.ts'
import { LoginRefused } from '../login-refused.ts'
import { LoginDelayed } from '../passwords/passwords-delayed.ts'
import type { SignedIn } from '../verify/fingerprints.ts'
import { TokenRefused } from '../verify/refused.ts'
import { readForm, single } from './form.ts'
import { GrantRefused } from './grant-refused.ts'
import type { RefreshTokens } from './refresh.ts'
import type { SignIn } from './sign-in.ts'

export type Wish = {
  signedIn: SignedIn
  /** Whether a password was shown, or a token in the place of one. */
  byPassword: boolean
  scopes: string[]
  service: string | undefined
  /** What the client calls itself, such as `docker`. */
  client: string
  /** Whether a refresh token is asked for. */
  offline: boolean
}

export type WishParts = {
  /** Undefined where none are given out, and none are taken. */
  refreshTokens: RefreshTokens | undefined
  signIn: SignIn
  bodyWithinMs?: number
}

const stranger: SignedIn = { identity: { name: undefined, groups: [], method: 'none' } }
const mostBytes = 64 * 1024

/** Each reader throws `GrantRefused` unless the credentials are right or absent. */
export function createWishReaders(parts: WishParts) {
  const { refreshTokens, signIn, bodyWithinMs = 10_000 } = parts

  /** How each kind of grant says who is asking. */
  const grants: Record<string, (form: URLSearchParams, address: string) => Promise<SignedIn>> = {
    password: (form, address) => {
      const [name, password] = [single(form, 'username'), single(form, 'password')]
      return byPassword({ name, password }, address)
    },
    refresh_token: (form) => byRefreshToken(single(form, 'refresh_token')),
  }

  return { GET: readQuery, POST: readPosted }

  async function readQuery(ctx: Context, address: string): Promise<Wish> {
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

  async function readPosted(ctx: Context, address: string): Promise<Wish> {
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
      // Whoever comes with a refresh token has one.
      offline: type === 'password' && form.get('access_type') === 'offline',
    }
  }

  /** A credential that cannot be read is a wrong one; nobody becomes a stranger by mistake. */
  async function byHeader(header: string[] | undefined, address: string) {
    try {
      const credentials = parseAuthorization(header)
      if (!credentials) return stranger
      if (credentials.scheme === 'basic') return await byPassword(credentials, address)
      throw refused({ reason: 'a bearer token is no password' })
    } catch (error) {
      if (!(error instanceof BadCredentials)) throw error
      throw refused({ reason: error.message })
    }
  }

  async function byPassword(
    { name, password }: { name: string; password: string },
    address: string,
  ): Promise<SignedIn> {
    const user = name
    try {
      const signedIn = await signIn(name, password, address)
      if (signedIn) return signedIn
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

  async function byRefreshToken(token: string): Promise<SignedIn> {
    try {
      if (refreshTokens) return await refreshTokens.verify(token)
      const reason = 'refresh tokens are not taken here: kura.tokens.refresh is off'
      throw refused({ reason }, 'session')
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error
      const { user, reason } = error
      throw refused({ ...(user !== undefined && { user }), reason }, 'session')
    }
  }
}

const refused = (
  told: { user?: string; reason: string },
  why: 'credentials' | 'session' = 'credentials',
) => new GrantRefused(why, { told: { what: 'login', ...told } })

const longestClient = 64

/** It comes from a stranger, and is shown to an administrator on a line. */
function clientOf(parameters: URLSearchParams): string {
  const name = parameters.get('client_id') ?? ''
  return name.slice(0, longestClient).replace(/[^\x21-\x7e]/g, '?')
}
