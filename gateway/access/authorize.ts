/** Asks the policy before a request goes any further; what is refused never reaches the registry. */
import type { Policy } from '../../policies/decision.ts'
import { RegistryError } from '../../registry/spec/errors.ts'
import type { Middleware } from '../state.ts'

export function authorize(policy: Policy): Middleware {
  return (ctx, next) => {
    const { identity, target } = ctx.state
    const { name, groups } = identity
    const { action, repository } = target
    if (policy({ name, groups, action, repository }).allowed) return next()
    throw new RegistryError('denied')
  }
}
