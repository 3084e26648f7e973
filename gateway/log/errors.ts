/** Our own faults, in the application log with the request they happened to. */
import type { Logger } from 'pino'
import type { GatewayContext } from '../context.ts'

/** For koa's `error` event. Of a fault that a client was told about, the cause is what matters here. */
export function logErrors(log: Pick<Logger, 'error'>) {
  return (error: Error, ctx?: GatewayContext): void => {
    const cause = error.cause instanceof Error ? error.cause : error
    // Koa reports what a connection broke off with, even before its requests have ended; no fault of ours.
    if (ctx?.state.signal?.aborted || ctx?.res.destroyed || ctx?.req.socket?.destroyed) return
    log.error(
      {
        'err.message': cause.message,
        'err.stack': cause.stack,
        'http.request.id': ctx?.state.requestId,
        'http.request.method': ctx?.method,
      },
      'request failed',
    )
  }
}
