/**
 * The context of a handler: koa's, with the call that the gateway has already read and allowed, and nothing
 * of the gateway's own (gateway/context.ts).
 */
import type Koa from 'koa'
import type { CallState } from '../protocol/call.ts'
import type { Method } from '../protocol/endpoints.ts'

export type CallContext = Koa.ParameterizedContext<CallState>
export type Handler = (ctx: CallContext) => Promise<void>
export type Handlers = Partial<Record<Method, Handler>>

/** The query as it was sent; koa's own turns a repeated key into a list. */
export function queryOf(ctx: CallContext): URLSearchParams {
  return new URLSearchParams(ctx.querystring)
}

/** An answer without a body. In koa a null body must come first, or it changes the status. */
export function answerEmpty(
  ctx: CallContext,
  status: number,
  headers: Record<string, string>,
): void {
  ctx.body = null
  ctx.status = status
  ctx.set(headers)
  if (status !== 204) ctx.set('Content-Length', '0')
}

/** JSON without a charset and with a newline, as registry:2 writes it. */
export function answerJson(ctx: CallContext, value: unknown, type = 'application/json'): void {
  ctx.set('Content-Type', type)
  ctx.body = `${JSON.stringify(value)}\n`
}
