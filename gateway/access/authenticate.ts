/** Finds out who is asking. There is no way to sign in yet, so everyone is a stranger. */
import type { Identity } from '../../registry/spec/call.ts'
import type { Middleware } from '../state.ts'

const stranger: Identity = { name: undefined, groups: [], method: 'none' }

export const authenticate: Middleware = (ctx, next) => {
  ctx.state.identity = stranger
  return next()
}
