/** Reads the target once; whatever comes after uses that and never the raw path. */
import { parseTarget } from '../../registry/spec/endpoints.ts'
import { RegistryError } from '../../registry/spec/errors.ts'
import type { Context, Middleware } from '../state.ts'

/** `prefix` begins and ends with a slash. OPTIONS is answered here, before anyone is asked who they are. */
export function readTarget(prefix: string): Middleware {
  return (ctx, next) => {
    refuseTwisted(ctx)
    if (!ctx.path.startsWith(prefix)) {
      throw new RegistryError('noSuchEndpoint', { detail: { path: ctx.path.slice(0, 200) } })
    }
    ctx.path = ctx.path.slice(prefix.length - 1)
    if (ctx.path === '/v2') return redirect(ctx, `${prefix}v2/`)

    const { target, allow } = parseTarget(ctx.method, ctx.path)
    if (!target) return answerOptions(ctx, allow)
    ctx.state.target = target
    return next()
  }
}

/** Koa reads a backslash as a slash in some targets, so this looks at the target as it came. */
function refuseTwisted({ originalUrl }: Context): void {
  if (!/^[^?]*[\\#]/.test(originalUrl)) return
  throw new RegistryError('badPath', { detail: { path: originalUrl.slice(0, 200) } })
}

function redirect(ctx: Context, to: string): void {
  ctx.body = null
  ctx.status = 301
  ctx.set({ Location: to, 'Content-Length': '0' })
}

function answerOptions(ctx: Context, allow: string): void {
  ctx.body = null
  ctx.status = 200
  ctx.set({ Allow: allow, 'Content-Length': '0' })
}
