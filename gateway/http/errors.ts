/** Whatever is thrown further in leaves here, as the specification's JSON. */
import type { IncomingMessage } from 'node:http'
import { errorBody, type RegistryError, toRegistryError } from '../../registry/spec/errors.ts'
import type { Context, Middleware } from '../state.ts'
import { drain } from './drain.ts'

export const answerErrors = answerErrorsAfter(drain)

/** `readRest` sees to a body that nobody wants, and says whether the connection is of use after it. */
export function answerErrorsAfter(
  readRest: (request: IncomingMessage) => Promise<boolean>,
): Middleware {
  return async (ctx, next) => {
    const common = new Set(ctx.res.getHeaderNames())
    try {
      await next()
    } catch (cause) {
      // A client that hung up hears nothing, and its leaving is no fault of ours.
      if (ctx.state.signal.aborted) return

      const error = toRegistryError(cause)
      // The error log is for our own faults; a client's mistake is a line in the access log.
      if (error.status >= 500) ctx.app.emit('error', error, ctx)
      const usable = await readRest(ctx.req)
      answer(ctx, error, common)
      if (!usable) ctx.set('Connection', 'close')
    }
  }
}

function answer(ctx: Context, error: RegistryError, common: Set<string>): void {
  // Those of the answer that failed may not go with this one, least of all how long to keep it.
  const others = ctx.res.getHeaderNames().filter((name) => !common.has(name))
  for (const name of others) ctx.remove(name)
  ctx.set(error.headers)
  ctx.set('Content-Type', 'application/json')
  ctx.status = error.status
  ctx.body = errorBody(error)
}
