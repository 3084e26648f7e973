/** Reads the target once; all later middleware uses that and never the raw path. */
import { parseTarget } from '../../registry/protocol/endpoints.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext, Middleware } from '../context.ts'
import type { Redirect } from './slashes.ts'

/**
 * `prefix` begins and ends with a slash. OPTIONS is answered here, before anyone is asked who they are, and
 * so is what `redirect` sends elsewhere.
 */
export function readTarget(prefix: string, redirect?: Redirect): Middleware {
  return (ctx, next) => {
    refuseTwisted(ctx)
    if (redirect?.(ctx)) return
    if (!ctx.path.startsWith(prefix)) {
      throw new RegistryError('noSuchEndpoint', { detail: { path: ctx.path.slice(0, 200) } })
    }
    const { target, allow, path } = parseTarget(ctx.method, ctx.path.slice(prefix.length - 1))
    if (!target) return answerOptions(ctx, allow)
    ctx.path = path
    ctx.state.target = target
    return next()
  }
}

/** Koa reads a backslash as a slash in some targets, so this looks at the target as it came. */
function refuseTwisted({ originalUrl }: GatewayContext): void {
  if (!/^[^?]*[\\#]/.test(originalUrl)) return
  throw new RegistryError('badPath', { detail: { path: originalUrl.slice(0, 200) } })
}

function answerOptions(ctx: GatewayContext, allow: string): void {
  ctx.body = null
  ctx.status = 200
  ctx.set({ Allow: allow, 'Content-Length': '0' })
}
