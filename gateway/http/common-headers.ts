/** The headers of every answer: the version that clients look for, and those of `http.headers`. */
import type { Middleware } from '../context.ts'

export function commonHeaders(configured: Record<string, string[]>): Middleware {
  return (ctx, next) => {
    ctx.set('Docker-Distribution-Api-Version', 'registry/2.0')
    ctx.set(configured)
    return next()
  }
}
