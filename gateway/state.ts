/** What each middleware leaves in the context for those behind it. */
import type Koa from 'koa'
import type { CallState } from '../registry/protocol/call.ts'

/** What trusted proxies say of a request. The host is as they wrote it. */
export type Said = {
  address: string | undefined
  scheme: string | undefined
  host: { header: string; found: string } | undefined
}

export type State = CallState & {
  /** Undefined for a request that no trusted proxy has passed on. */
  said?: Said | undefined
  /** Who showed a password for its own sake: to log in, and not as a part of other work. */
  loggedIn?: string
}
export type Context = Koa.ParameterizedContext<State>
export type Middleware = Koa.Middleware<State>
