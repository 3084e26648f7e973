/** Ties the work for a request to its client: when the connection goes, `signal` says so. */
import type { Middleware } from '../context.ts'

export const lifetime: Middleware = (ctx, next) => {
  const controller = new AbortController()
  ctx.state.signal = controller.signal
  ctx.res.once('close', () => {
    if (!ctx.res.writableFinished) controller.abort()
  })
  return next()
}
