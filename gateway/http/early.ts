/**
 * An answer that comes before its request's body is through: it is sent at once, and says whether the
 * connection is of use afterwards. The rest of the body is read by the listener, for a while.
 */
import type { GatewayContext, Middleware } from '../context.ts'

/** So little is soon read, and the connection then free for the next request. */
const smallBody = 256 * 1024

/** Must stand outside of every middleware that answers. */
export const endEarly: Middleware = async (ctx, next) => {
  await next()
  leaveBody(ctx)
}

/** For an answer whose head is about to be written. */
export function leaveBody({ req, res }: GatewayContext): void {
  if (req.complete || res.headersSent) return
  const { 'transfer-encoding': coding, 'content-length': length } = req.headers
  if (coding !== undefined || Number(length) > smallBody) res.setHeader('Connection', 'close')
  // Not before: reading would ask a client for the rest that waits to be asked.
  res.once('finish', () => req.resume())
}
