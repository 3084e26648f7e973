/** Asks the policy before a request goes any further; a refused one never reaches the registry. */
import type { Decision, Policy } from '../../policies/engine/decision.ts'
import type { Identity, Wanted } from '../../registry/protocol/call.ts'
import type { Target } from '../../registry/protocol/endpoints.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext, GatewayState, Middleware } from '../context.ts'
import type { Challenge } from './challenge.ts'
import { letAsk, tellDenial } from './denials.ts'
import type { ReportRefusal } from './refusal-lines.ts'
import { unauthorized } from './unauthorized.ts'
import { boundAllows } from './verify/bound.ts'

export type AuthorizeParts = {
  policy: () => Policy
  /** How to sign in here; undefined where nobody can. */
  challenge: Challenge | undefined
  /** Hears of each request that a policy denies. */
  report?: ReportRefusal | undefined
}

export function authorize({ policy, challenge, report }: AuthorizeParts): Middleware {
  return (ctx, next) => {
    const { identity, target } = ctx.state
    const { name, groups, bound } = identity
    const answering = letAsk(ctx, { policy, report })

    const isMember = identity.method !== 'none' || challenge === undefined
    const wanted = wantedBy(target)
    const may = whoMay(target, policy())
    const decision =
      may === 'policy' ? policy()({ name, groups, address: ctx.ip, ...wanted }) : undefined
    const allowed = decision?.allowed ?? (isMember || may === 'everyone')
    if (allowed && isWithin(bound, ctx.state)) return answering(next)
    // Strangers who could sign in are asked to: that is how every visit begins.
    if (isMember) explain(ctx, wanted, decision)
    throw refusal(ctx, challenge)
  }

  function explain(ctx: GatewayContext, wanted: Wanted, decision: Decision | undefined): void {
    const isPolicys = decision?.allowed === false
    // A client with a token for something else gets another one next, if it may.
    if (!isPolicys && challenge && ctx.state.identity.method === 'token') return
    const tooNarrow = { because: 'its token does not reach that far' }
    tellDenial(ctx, { wanted, decision: isPolicys ? decision : tooNarrow, report })
  }
}

/** Some clients ask for a token by the name that they use, and do not look at the challenge. */
function isWithin(bound: Identity['bound'], { target, asked }: GatewayState): boolean {
  if (boundAllows(bound, target)) return true
  return asked !== undefined && boundAllows(bound, { ...target, repository: asked })
}

/**
 * Clients ask `/v2/` how to sign in, so it is for members where there is a way to sign in. The catalog is for
 * strangers too where it would list a repository for them. For all else the policy is asked.
 */
function whoMay({ action }: Target, policy: Policy): 'policy' | 'members' | 'everyone' {
  if (action === 'ping') return 'members'
  if (action === 'list') return policy.showsStrangers === true ? 'everyone' : 'members'
  return 'policy'
}

function wantedBy({ kind, action, repository, reference }: Target) {
  const isTag = kind === 'manifest' && !reference.includes(':')
  return { action, repository, ...(isTag && { tag: reference }) }
}

/**
 * A stranger may still sign in, and a client with a token may get another: for them a 403 would be the end
 * of it. Someone we know by name and password gets a plain no.
 */
function refusal(ctx: GatewayContext, challenge: Challenge | undefined): RegistryError {
  const { method } = ctx.state.identity
  if (challenge && method === 'none') return unauthorized(ctx, challenge)
  if (challenge && method === 'token') return unauthorized(ctx, challenge, 'insufficient_scope')
  return new RegistryError('denied')
}
