/** The state of a request: each middleware leaves something in it for those behind it. */
import type Koa from 'koa'
import type { CallState } from '../registry/protocol/call.ts'

/** A request by the words of trusted proxies. The host is as they wrote it. */
export type Said = {
  address: string | undefined
  scheme: string | undefined
  host: { header: string; found: string } | undefined
}

export type State = CallState & {
  /** Undefined for a request that no trusted proxy has passed on. */
  said?: Said | undefined
  /** The user of a request that only logs in, such as `docker login`. */
  loggedIn?: string
}
export type Context = Koa.ParameterizedContext<State>
export type Middleware = Koa.Middleware<State>
