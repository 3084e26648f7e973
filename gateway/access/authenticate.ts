/** Finds the user of a request. Credentials have to hold: a wrong password is a 401, never a stranger. */
import type { TLSSocket } from 'node:tls'
import type { Identity } from '../../registry/protocol/call.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext, Middleware } from '../context.ts'
import { createClientCertificates } from '../listen/certificates/client-certificate.ts'
import type { Challenge } from './challenge.ts'
import { BadCredentials, type Credentials, parseAuthorization } from './credentials.ts'
import { LoginDelayed, LoginRefused } from './login-errors.ts'
import type { ReportRefusal } from './refusal-lines.ts'
import { unauthorized } from './unauthorized.ts'
import { TokenRefused } from './verify/refused.ts'
import { leewaySeconds } from './verify/verify.ts'

export type Login = {
  challenge: Challenge
  checkPassword?: CheckPassword
  /** Throws `TokenRefused`. */
  verifyToken?: (token: string) => Promise<Identity>
  /** The identity of a request without credentials; without it, a stranger as the policies name it. */
  stranger?: Identity
  /** Hears the reason of each refusal, which the client does not. */
  report?: ReportRefusal
  /** Milliseconds for which a token that ran out still does for an upload that is under way. */
  graceMs?: number
  now?: () => number
}

/** Undefined for a wrong password, or throws `LoginRefused` with the reason; throws `LoginDelayed`. */
export type CheckPassword = (
  name: string,
  password: string,
  address: string,
) => Promise<Identity | undefined>

export const wrongPassword = 'this is not the password of that user'

const stranger: Identity = { name: undefined, groups: [], method: 'none' }

/**
 * Without a way to sign in, a client certificate names the user, and all other clients are strangers, also
 * with a password. Where there is one, a certificate does not take the place of a password.
 */
export function authenticate(login: Login | undefined): Middleware {
  const certified = createClientCertificates()
  return async (ctx, next) => {
    const identity = login
      ? await identify(ctx, login)
      : (certified(ctx.req.socket as TLSSocket) ?? stranger)
    ctx.state.identity = identity
    if (!login || identity.expiredAt === undefined) return next()

    // Only the registry knows who began an upload, and when; how to sign in again we know.
    await next().catch((error) => {
      const isRefused = error instanceof RegistryError && error.reason === 'unauthorized'
      throw isRefused ? unauthorized(ctx, login.challenge, 'invalid_token') : error
    })
  }
}

async function identify(ctx: GatewayContext, login: Login): Promise<Identity> {
  const given = credentialsOf(ctx)
  if (given === undefined) return login.stranger ?? stranger
  if (given instanceof BadCredentials) {
    login.report?.(ctx, { what: 'login', reason: given.message })
    throw unauthorized(ctx, login.challenge)
  }
  const identity = await check(given, ctx, login)
  const isToken = given.scheme === 'bearer'
  const isForItself = !isToken && ctx.state.target.kind === 'base'
  if (isForItself && identity?.name !== undefined) ctx.state.loggedIn = identity.name
  if (identity) return identity
  throw unauthorized(ctx, login.challenge, isToken ? 'invalid_token' : undefined)
}

/** Two headers are told from one here, which koa's own reading would not do. */
function credentialsOf(ctx: GatewayContext): Credentials | BadCredentials | undefined {
  try {
    return parseAuthorization(ctx.req.headersDistinct.authorization)
  } catch (error) {
    if (error instanceof BadCredentials) return error
    throw error
  }
}

async function check(given: Credentials, ctx: GatewayContext, login: Login) {
  if (given.scheme === 'bearer') return verify(given.token, ctx, login)
  const { name: user, password } = given
  try {
    const identity = await login.checkPassword?.(user, password, ctx.ip)
    if (!identity) login.report?.(ctx, { what: 'login', user, reason: wrongPassword })
    return identity
  } catch (error) {
    if (error instanceof LoginRefused) {
      const shown = error.hidesName ? undefined : user
      login.report?.(ctx, { what: 'login', user: shown, reason: error.reason })
      return undefined
    }
    if (!(error instanceof LoginDelayed)) throw error
    login.report?.(ctx, { what: 'delayed', user, reason: error.message })
    const headers = { 'Retry-After': String(error.seconds) }
    throw new RegistryError('tooManyRequests', { headers, cause: error })
  }
}

async function verify(token: string, ctx: GatewayContext, login: Login) {
  try {
    const identity = await login.verifyToken?.(token)
    if (!identity) login.report?.(ctx, { what: 'login', reason: 'no tokens are taken here' })
    return identity
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error
    const late = ctx.state.target.kind === 'upload' ? inGrace(error, login) : undefined
    const { reason, user } = error
    if (!late) login.report?.(ctx, { what: 'login', user, reason })
    return late
  }
}

/** The identity of a token that ran out a short while ago. */
function inGrace({ expired }: TokenRefused, login: Login): Identity | undefined {
  const { graceMs = 0, now = Date.now } = login
  if (!expired) return undefined
  // Until then it was still taken, so an upload may have begun with it.
  const expiredAt = expired.at.getTime() + leewaySeconds * 1000
  return now() < expiredAt + graceMs ? { ...expired.identity, expiredAt } : undefined
}
