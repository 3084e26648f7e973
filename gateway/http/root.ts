/** GET / tells a load balancer that somebody is home, and nothing else. */
import type { Middleware } from '../state.ts'

export const answerRoot: Middleware = async (ctx, next) => {
  if (ctx.path !== '/' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
  // It is no answer of the registry, so it carries none of the headers of one.
  for (const name of ctx.res.getHeaderNames()) ctx.remove(name)
  ctx.body = null
  ctx.status = 200
  ctx.set({ 'Cache-Control': 'no-cache', 'Content-Length': '0' })
}
