/** Asks the policy before a request goes any further; what is refused never reaches the registry. */
import type { Policy } from '../../policies/decision.ts'
import type { Target } from '../../registry/spec/endpoints.ts'
import { RegistryError } from '../../registry/spec/errors.ts'
import type { Context, Middleware } from '../state.ts'
import type { Challenge } from './challenge.ts'
import { unauthorized } from './unauthorized.ts'

export type AuthorizeParts = {
  policy: () => Policy
  /** How to sign in here; undefined where nobody can. */
  challenge: Challenge | undefined
}

export function authorize({ policy, challenge }: AuthorizeParts): Middleware {
  return (ctx, next) => {
    const { identity, target } = ctx.state
    const { name, groups } = identity
    const address = ctx.ip
    ctx.state.may = (wanted) => policy()({ name, groups, address, ...wanted }).allowed

    // Whoever can sign in has to, before these two say anything; the catalog then lists what they may see.
    const isForMembers = target.action === 'ping' || target.action === 'list'
    const isMember = identity.method !== 'none' || challenge === undefined
    if (isForMembers ? isMember : ctx.state.may(wantedBy(target))) return next()
    throw refusal(ctx, challenge)
  }
}

function wantedBy({ kind, action, repository, reference }: Target) {
  const isTag = kind === 'manifest' && !reference.includes(':')
  return { action, repository, ...(isTag && { tag: reference }) }
}

/** A stranger may still sign in; someone we know gets a plain no. */
function refusal(ctx: Context, challenge: Challenge | undefined): RegistryError {
  if (!challenge || ctx.state.identity.method !== 'none') return new RegistryError('denied')
  return unauthorized(ctx, challenge)
}
