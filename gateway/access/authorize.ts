/** Asks the policy before a request goes any further; what is refused never reaches the registry. */
import type { Policy } from '../../policies/decision.ts'
import type { Target } from '../../registry/spec/endpoints.ts'
import { RegistryError } from '../../registry/spec/errors.ts'
import type { Context, Middleware } from '../state.ts'
import type { Challenge } from './challenge.ts'
import { createMay } from './may.ts'
import { boundAllows } from './tokens/bound.ts'
import { unauthorized } from './unauthorized.ts'

export type AuthorizeParts = {
  policy: () => Policy
  /** How to sign in here; undefined where nobody can. */
  challenge: Challenge | undefined
}

export function authorize({ policy, challenge }: AuthorizeParts): Middleware {
  return (ctx, next) => {
    const { identity, target } = ctx.state
    const { bound } = identity
    ctx.state.may = createMay({ policy, identity, address: ctx.ip })

    // Whoever can sign in has to, before the first of these says anything: clients ask it how to. The
    // catalog lists what they may see, so it is for strangers where there is anything for them in it.
    const isMember = identity.method !== 'none' || challenge === undefined
    const open = { ping: false, list: policy().showsStrangers === true }[target.action as string]
    const allowed = open === undefined ? ctx.state.may(wantedBy(target)) : isMember || open
    if (allowed && boundAllows(bound, target)) return next()
    throw refusal(ctx, challenge)
  }
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
