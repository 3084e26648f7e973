/** Finds out who is asking. What is sent has to hold: a wrong password is a 401, never a stranger. */
import type { TLSSocket } from 'node:tls'
import type { Identity } from '../../registry/spec/call.ts'
import { RegistryError } from '../../registry/spec/errors.ts'
import { createClientCertificates } from '../listen/client-certificate.ts'
import type { Context, Middleware } from '../state.ts'
import type { Challenge } from './challenge.ts'
import { BadCredentials, type Credentials, parseAuthorization } from './credentials.ts'
import { LoginDelayed } from './passwords-delayed.ts'
import { TokenRefused } from './tokens/refused.ts'
import { unauthorized } from './unauthorized.ts'

export type Login = {
  challenge: Challenge
  checkPassword?: CheckPassword
  /** Throws `TokenRefused`. */
  verifyToken?: (token: string) => Promise<Identity>
  /** Who somebody is who shows nothing; without it, a stranger as the policies speak of them. */
  stranger?: Identity
  /** Hears why a token was refused, which its bearer does not. */
  report?: (reason: string) => void
}

export type CheckPassword = (
  name: string,
  password: string,
  address: string,
) => Promise<Identity | undefined>

const stranger: Identity = { name: undefined, groups: [], method: 'none' }

/**
 * Without a way to sign in, a client certificate says who somebody is and all others are strangers,
 * whatever they send. Where there is one, a certificate does not take the place of a password.
 */
export function authenticate(login: Login | undefined): Middleware {
  const certified = createClientCertificates()
  return async (ctx, next) => {
    ctx.state.identity = login
      ? await identify(ctx, login)
      : (certified(ctx.req.socket as TLSSocket) ?? stranger)
    return next()
  }
}

async function identify(ctx: Context, login: Login): Promise<Identity> {
  const given = credentialsOf(ctx)
  if (given === undefined) return login.stranger ?? stranger
  const identity = given === 'malformed' ? undefined : await check(given, ctx.ip, login)
  if (identity) return identity
  const isToken = typeof given === 'object' && given.scheme === 'bearer'
  throw unauthorized(ctx, login.challenge, isToken ? 'invalid_token' : undefined)
}

/** Two headers are told from one here, which koa's own reading would not do. */
function credentialsOf(ctx: Context): Credentials | 'malformed' | undefined {
  try {
    return parseAuthorization(ctx.req.headersDistinct.authorization)
  } catch (error) {
    if (error instanceof BadCredentials) return 'malformed'
    throw error
  }
}

async function check(given: Credentials, address: string, login: Login) {
  if (given.scheme === 'bearer') return verify(given.token, login)
  try {
    return await login.checkPassword?.(given.name, given.password, address)
  } catch (error) {
    if (!(error instanceof LoginDelayed)) throw error
    const headers = { 'Retry-After': String(error.seconds) }
    throw new RegistryError('tooManyRequests', { headers, cause: error })
  }
}

async function verify(token: string, { verifyToken, report }: Login) {
  try {
    return await verifyToken?.(token)
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error
    report?.(error.reason)
    return undefined
  }
}
