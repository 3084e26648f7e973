/**
 * Asks the policies for a request while it is answered, and tells the log when it ends in a denial. Many
 * denials end nothing: that of a mount's source leads to an ordinary upload.
 */
import type { Decision, Policy } from '../../policies/engine/decision.ts'
import type { Wanted } from '../../registry/protocol/call.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext } from '../context.ts'
import { createMay } from './may.ts'
import type { ReportRefusal } from './refusal-lines.ts'

type Asking = { policy: () => Policy; report?: ReportRefusal | undefined }

/** Sets `may` for the request; the answer runs the middleware that comes next. */
export function letAsk(ctx: GatewayContext, { policy, report }: Asking) {
  const { identity } = ctx.state
  let denied: { wanted: Wanted; decision: Decision } | undefined
  ctx.state.may = createMay({
    policy,
    identity,
    address: ctx.ip,
    onDenied(wanted, decision) {
      // The last question is the one that the request ended with.
      denied = { wanted, decision }
    },
  })
  const { name, groups } = identity
  ctx.state.seesAll = () => policy().showsAll?.({ name, groups, address: ctx.ip }) === true

  return async (next: () => Promise<unknown>): Promise<void> => {
    try {
      await next()
    } catch (error) {
      const isDenial = error instanceof RegistryError && error.code === 'DENIED'
      if (isDenial && denied) tellDenial(ctx, { ...denied, report })
      throw error
    }
  }
}

type Denial = {
  wanted: Wanted
  decision: Pick<Decision, 'rule' | 'because'>
  report: ReportRefusal | undefined
}

export function tellDenial(ctx: GatewayContext, { wanted, decision, report }: Denial): void {
  const { rule, because: reason } = decision
  report?.(ctx, { what: 'denied', user: ctx.state.identity.name, reason, wanted, rule })
}
