/** GET / tells a load balancer that somebody is home, and nothing else. */
import type { Middleware } from '../context.ts'
import { strictTransport } from './strict-transport.ts'

export const answerRoot: Middleware = async (ctx, next) => {
  if (ctx.path !== '/' || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) return next()
  // It is no answer of the registry, so it carries none of the headers of one: only that of its TLS.
  const others = ctx.res.getHeaderNames().filter((name) => name !== strictTransport.toLowerCase())
  for (const name of others) ctx.remove(name)
  ctx.body = null
  ctx.status = 200
  ctx.set({ 'Cache-Control': 'no-cache', 'Content-Length': '0' })
}
