/**
 * Turns away docker before 1.6 and its library of that time, which speak a protocol of which kura has
 * nothing; the answer is what makes them say so. The pattern is that of the recipe for nginx.
 */
import { RegistryError } from '../../registry/spec/errors.ts'
import type { Middleware } from '../state.ts'

const tooOld = /^(?:docker\/1\.(?:3|4|5(?:.[0-9]-dev))|Go ).*$/

export const refuseOldDocker: Middleware = (ctx, next) => {
  if (!tooOld.test(ctx.get('User-Agent'))) return next()
  throw new RegistryError('clientTooOld')
}
