/** GET and HEAD /v2/: says that the registry speaks the protocol ("Determining Support"). */
import type { Context, Handlers } from './context.ts'

export function baseHandlers(): Handlers {
  return { GET: ping, HEAD: ping }

  async function ping(ctx: Context) {
    ctx.set('Content-Type', 'application/json')
    ctx.body = '{}'
  }
}
