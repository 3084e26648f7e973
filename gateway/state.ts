/** What each middleware leaves in the context for those behind it. */
import type Koa from 'koa'
import type { CallState } from '../registry/protocol/call.ts'
import type { Said } from './guard/forwarded.ts'

export type State = CallState & {
  /** Undefined for a request that no trusted proxy has passed on. */
  said?: Said | undefined
  /** Who showed a password for its own sake: to log in, and not as a part of other work. */
  loggedIn?: string
}
export type Context = Koa.ParameterizedContext<State>
export type Middleware = Koa.Middleware<State>
