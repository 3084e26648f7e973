/**
 * Refuses bodies where none has a meaning. Something on the way that frames such a body differently
 * would read it as a second request.
 */
import { RegistryError } from '../../registry/spec/errors.ts'
import type { Middleware } from '../state.ts'

const bodiless = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS'])

export const refuseBodies: Middleware = (ctx, next) => {
  const hasBody = ctx.get('Transfer-Encoding') !== '' || Number(ctx.get('Content-Length')) > 0
  if (!hasBody || !bodiless.has(ctx.method)) return next()
  throw new RegistryError('bodyRefused', {
    detail: { method: ctx.method },
    headers: { Connection: 'close' },
  })
}
