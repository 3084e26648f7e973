/**
 * A request on its way through the gateway: each middleware leaves something in its state for those behind it.
 * The registry gets the same request as a `CallContext` (registry/http/context.ts), which holds only what can
 * also come from a gateway in another process.
 */
import type Koa from 'koa'
import type { CallState } from '../registry/protocol/call.ts'

/** A request by the words of trusted proxies. The host is as they wrote it. */
export type Said = {
  address: string | undefined
  scheme: string | undefined
  host: { header: string; found: string } | undefined
}

export type GatewayState = CallState & {
  /** Undefined for a request that no trusted proxy has passed on. */
  said?: Said | undefined
  /** The user of a request that only logs in, such as `docker login`. */
  loggedIn?: string
  /** The repository by the name that the client wrote, where it is called otherwise here. */
  asked?: string
}
export type GatewayContext = Koa.ParameterizedContext<GatewayState>
export type Middleware = Koa.Middleware<GatewayState>
