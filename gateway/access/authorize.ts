/** Asks the policy before a request goes any further; what is refused never reaches the registry. */
import type { Policy } from '../../policies/decision.ts'
import type { Identity, Wanted } from '../../registry/spec/call.ts'
import type { Target } from '../../registry/spec/endpoints.ts'
import { RegistryError } from '../../registry/spec/errors.ts'
import type { Context, Middleware } from '../state.ts'
import type { Challenge } from './challenge.ts'
import { boundAllows, isWithinBound } from './tokens/bound.ts'
import { unauthorized } from './unauthorized.ts'

export type AuthorizeParts = {
  policy: () => Policy
  /** How to sign in here; undefined where nobody can. */
  challenge: Challenge | undefined
}

export function authorize({ policy, challenge }: AuthorizeParts): Middleware {
  return (ctx, next) => {
    const { identity, target } = ctx.state
    const { name, groups, bound } = identity
    const address = ctx.ip
    ctx.state.may = (wanted) =>
      isWithin(bound, wanted) && policy()({ name, groups, address, ...wanted }).allowed

    // Whoever can sign in has to, before these two say anything; the catalog then lists what they may see.
    const isForMembers = target.action === 'ping' || target.action === 'list'
    const isMember = identity.method !== 'none' || challenge === undefined
    const allowed = isForMembers ? isMember : ctx.state.may(wantedBy(target))
    if (allowed && boundAllows(bound, target)) return next()
    throw refusal(ctx, challenge)
  }
}

/** A token speaks of the catalog as a whole, and leaves to the policies what is seen in it. */
function isWithin(bound: Identity['bound'], { action, repository }: Wanted): boolean {
  return action === 'list' || isWithinBound(bound, { type: 'repository', name: repository, action })
}

function wantedBy({ kind, action, repository, reference }: Target) {
  const isTag = kind === 'manifest' && !reference.includes(':')
  return { action, repository, ...(isTag && { tag: reference }) }
}

/**
 * A stranger may still sign in, and who has a token may get another: for them a 403 would be the end
 * of it. Someone we know by name and password gets a plain no.
 */
function refusal(ctx: Context, challenge: Challenge | undefined): RegistryError {
  const { method } = ctx.state.identity
  if (challenge && method === 'none') return unauthorized(ctx, challenge)
  if (challenge && method === 'token') return unauthorized(ctx, challenge, 'insufficient_scope')
  return new RegistryError('denied')
}
