/**
 * The token endpoint: GET with a Basic header or with none, and the POST form of OAuth 2. Clients get
 * a token for the allowed part of their wish; only wrong credentials are refused.
 */
import { RegistryError } from '../../../registry/protocol/errors.ts'
import type { GatewayContext, Middleware } from '../../context.ts'
import type { ReportRefusal } from '../refusal-lines.ts'
import { GrantRefused } from './grant-refused.ts'
import type { IssuedToken, TokenIssuer } from './issue.ts'
import { parseScopes, scopeText } from './scope.ts'
import { createWishReaders, type Wish, type WishParts } from './wishes.ts'

export type TokenEndpointParts = WishParts & {
  /** The paths it answers, such as `/v2/token`. */
  paths: readonly string[]
  service: string
  issuer: string
  /** How long an access token lasts. */
  seconds?: number
  issueToken: TokenIssuer
  /** Where a request comes from, with what a trusted proxy says of it. */
  addressOf?: (ctx: GatewayContext) => string
  /** Hears the reason of each refusal, which the client does not. */
  report?: ReportRefusal | undefined
}

/** Some clients take any answer for one of a minute, and so may be late with a shorter one. */
const leastSeconds = 60

type Reader = (ctx: GatewayContext, address: string) => Promise<Wish>

/** Must stand outside of what asks for credentials, and within what turns a RegistryError into JSON. */
export function createTokenEndpoint(parts: TokenEndpointParts): Middleware {
  const { paths, service, issuer, issueToken, refreshTokens, seconds = 900 } = parts
  const { addressOf = (ctx: GatewayContext) => ctx.ip } = parts
  const readers: Record<string, Reader> = createWishReaders(parts)
  const challenge = `Basic realm="${service.replace(/[^\x20-\x7e]|["\\]/g, '')}"`

  return (ctx, next) => (paths.includes(ctx.path) ? answer(ctx) : next())

  async function answer(ctx: GatewayContext): Promise<void> {
    ctx.set('Cache-Control', 'no-store')
    // A browser asks before a page of another origin may send its visitor's password here.
    if (ctx.method === 'OPTIONS') return answerEmpty(ctx)
    const read = Object.hasOwn(readers, ctx.method) ? readers[ctx.method] : undefined
    if (!read) {
      // Answered further out, where headers of ours are dropped.
      const headers = { Allow: allowed, 'Cache-Control': 'no-store' }
      throw new RegistryError('wrongMethod', { headers })
    }
    try {
      const address = addressOf(ctx)
      await fulfil(ctx, await read(ctx, address), address)
    } catch (error) {
      if (!(error instanceof GrantRefused)) throw error
      refuse(ctx, error)
    }
  }

  async function fulfil(ctx: GatewayContext, wish: Wish, address: string): Promise<void> {
    if (wish.service !== undefined && wish.service !== service) throw new GrantRefused('service')
    const { signedIn, byPassword, client, offline } = wish
    const scopes = parseScopes(wish.scopes)
    const life = Math.max(leastSeconds, seconds)
    const asked = { ...signedIn, scopes, service, issuer, seconds: life, address }
    const issued = await issueToken(asked)
    const refreshToken = offline
      ? await refreshTokens?.issue(signedIn, { client, address })
      : undefined
    sendJson(ctx, 200, {
      ...tokenBody(issued),
      refresh_token: refreshToken,
      scope: ctx.method === 'POST' ? scopeText(issued.access) : undefined,
    })
    // With a scope the password is a part of a pull or push, which is told by itself.
    const isLogin = byPassword && scopes.length === 0
    if (isLogin && signedIn.identity.name) ctx.state.loggedIn = signedIn.identity.name
  }

  function refuse(ctx: GatewayContext, error: GrantRefused): void {
    if (error.told) parts.report?.(ctx, error.told)
    if (ctx.state.signal.aborted) return
    ctx.set(error.headers)
    if (error.status === 401) ctx.set('WWW-Authenticate', challenge)
    sendJson(ctx, error.status, ctx.method === 'POST' ? oauthBody(error) : registryBody(error))
  }
}

const allowed = 'GET, POST'

function answerEmpty(ctx: GatewayContext): void {
  ctx.body = null
  ctx.status = 200
  ctx.set({ Allow: allowed, 'Content-Length': '0' })
}

/** Clients look for the token under one of two names. */
const tokenBody = ({ token, seconds, issuedAt }: IssuedToken) => ({
  token,
  access_token: token,
  expires_in: seconds,
  issued_at: issuedAt.toISOString(),
})

const oauthBody = ({ code, message }: GrantRefused) => ({ error: code, error_description: message })

/** The codes that docker shows after a login. */
const codes: Record<number, string> = { 401: 'UNAUTHORIZED', 429: 'TOOMANYREQUESTS' }

const registryBody = ({ status, message }: GrantRefused) => ({
  errors: [{ code: codes[status] ?? 'UNSUPPORTED', message }],
})

function sendJson(ctx: GatewayContext, status: number, body: object): void {
  ctx.status = status
  ctx.set('Content-Type', 'application/json')
  ctx.body = `${JSON.stringify(body)}\n`
}
