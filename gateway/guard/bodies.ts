/**
 * Refuses bodies where none has a meaning. Something on the way that frames such a body differently
 * would read it as a second request. One without a byte is none, however it is framed.
 */
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext, Middleware } from '../context.ts'

const bodiless = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS'])

export const refuseBodies: Middleware = async (ctx, next) => {
  if (bodiless.has(ctx.method) && (await hasBytes(ctx))) {
    throw new RegistryError('bodyRefused', {
      detail: { method: ctx.method },
      headers: { Connection: 'close' },
    })
  }
  return next()
}

/** Of chunks, only the first says whether there are any. */
async function hasBytes({ req }: GatewayContext): Promise<boolean> {
  if (req.headers['transfer-encoding'] === undefined)
    return Number(req.headers['content-length']) > 0
  for await (const _ of req.iterator({ destroyOnReturn: false })) return true
  // To the handlers behind this one, the request is like any other without a body.
  delete req.headers['transfer-encoding']
  return false
}
