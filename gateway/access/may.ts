/**
 * Decides what a user may do: by the policies, and by the bound of the token. The gateway asks about each
 * request, a worker about actions that show up in one, such as the read that a mount needs.
 */
import type { Decision, Policy } from '../../policies/engine/decision.ts'
import type { CallState, Identity, Wanted } from '../../registry/protocol/call.ts'
import { isWithinBound } from './verify/bound.ts'

type Asking = {
  policy: () => Policy
  identity: Identity
  address: string
  /** Hears of what the policies, and not the token, deny. */
  onDenied?: (wanted: Wanted, decision: Decision) => void
}

export function createMay({ policy, identity, address, onDenied }: Asking): CallState['may'] {
  const { name, groups, bound } = identity
  return (wanted) => {
    if (!isWithin(bound, wanted)) return false
    const decision = policy()({ name, groups, address, ...wanted })
    if (!decision.allowed) onDenied?.(wanted, decision)
    return decision.allowed
  }
}

/** A token speaks of the catalog as a whole, and leaves to the policies what is seen in it. */
function isWithin(bound: Identity['bound'], { action, repository }: Wanted): boolean {
  return action === 'list' || isWithinBound(bound, { type: 'repository', name: repository, action })
}
