/** The gateway, in the order a request meets it. */
import Koa from 'koa'
import type { Network } from '../network/range.ts'
import type { Policy } from '../policies/engine/decision.ts'
import { authenticate, type Login } from './access/authenticate.ts'
import { authorize } from './access/authorize.ts'
import type { ReportRefusal } from './access/refusal-lines.ts'
import type { GatewayState, Middleware } from './context.ts'
import { refuseBodies } from './guard/bodies.ts'
import { refuseCrossSite } from './guard/cross-site.ts'
import { readForwarded } from './guard/forwarded.ts'
import { refuseOldDocker } from './guard/user-agent.ts'
import { refuseMalformed } from './guard/well-formed.ts'
import { commonHeaders } from './http/common-headers.ts'
import { endEarly } from './http/early.ts'
import { answerErrors } from './http/errors.ts'
import { lifetime } from './http/lifetime.ts'
import { answerRoot } from './http/root.ts'
import { createSlashRedirect } from './http/slashes.ts'
import { keepToTls } from './http/strict-transport.ts'
import { readTarget } from './http/target.ts'
import type { Pool } from './pool/pool.ts'

export type GatewayParts = {
  /** Addresses and networks of proxies that are believed. */
  trustedProxies: readonly Network[]
  logRequests: Middleware
  /** Where events are told instead of requests. */
  logEvents?: Middleware | undefined
  /** Set on every answer, as `http.headers` has them. */
  headers: Record<string, string[]>
  /** How clients reach the registry, as `http.host` has it. */
  host?: string | undefined
  /** Whether `Location` is a path alone, as `http.relativeurls` has it. */
  relative?: boolean | undefined
  /** Where the registry begins: begins and ends with a slash. */
  prefix: string
  /** Repositories that mirror others, by their names here; empty where there are none. */
  mirrored?: readonly Middleware[]
  /** The one in force at the time of a request. */
  policy: () => Policy
  /** Undefined where nobody can sign in. */
  login: Login | undefined
  /** The token endpoint, where kura gives out tokens. */
  tokens: readonly Middleware[]
  /** Hears of each request that a policy denies. */
  reportDenial?: ReportRefusal
  pool: Pool
}

export function createApp({
  trustedProxies,
  logRequests,
  logEvents = (_ctx, next) => next(),
  headers,
  host,
  relative,
  prefix,
  mirrored = [],
  policy,
  login,
  tokens,
  reportDenial,
  pool,
}: GatewayParts): Koa<GatewayState> {
  return new Koa<GatewayState>()
    .use(readForwarded(trustedProxies))
    .use(logRequests)
    .use(logEvents)
    .use(lifetime)
    .use(endEarly)
    .use(keepToTls)
    .use(commonHeaders(headers))
    .use(answerErrors)
    .use(refuseMalformed)
    .use(refuseBodies)
    .use(answerRoot)
    .use(refuseOldDocker)
    .use(refuseCrossSite({ headers, host }))
    .use(inTurn(tokens))
    .use(readTarget(prefix, createSlashRedirect({ host, relative, prefix })))
    .use(inTurn(mirrored))
    .use(authenticate(login))
    .use(authorize({ policy, challenge: login?.challenge, report: reportDenial }))
    .use((ctx) => pool.forward(ctx))
}

const inTurn =
  ([first, ...rest]: readonly Middleware[]): Middleware =>
  (ctx, next) =>
    first ? first(ctx, () => inTurn(rest)(ctx, next)) : next()
