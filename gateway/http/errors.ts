/** Errors that are thrown further in leave here, as the specification's JSON. */
import { errorBody, type RegistryError, toRegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext, Middleware } from '../context.ts'

/** Statuses for requests that kura will never do, such as an unknown version of HTTP. */
const beyondUs = new Set([501, 505])

export const answerErrors: Middleware = async (ctx, next) => {
  const common = new Set(ctx.res.getHeaderNames())
  try {
    await next()
  } catch (cause) {
    // A client that hung up hears nothing, and its leaving is no fault of ours.
    if (ctx.state.signal.aborted) return

    const error = toRegistryError(cause)
    // The error log is for our own faults; a client's mistake is a line in the access log.
    if (error.status >= 500 && !beyondUs.has(error.status)) ctx.app.emit('error', error, ctx)
    answer(ctx, error, common)
  }
}

function answer(ctx: GatewayContext, error: RegistryError, common: Set<string>): void {
  // Those of the answer that failed may not go with this one, least of all how long to keep it.
  const others = ctx.res.getHeaderNames().filter((name) => !common.has(name))
  for (const name of others) ctx.remove(name)
  ctx.set(error.headers)
  ctx.set('Content-Type', 'application/json')
  ctx.status = error.status
  ctx.body = errorBody(error)
}
