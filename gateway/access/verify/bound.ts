/** Whether something lies within what a token allows at most. The policies are asked beside it. */
import { compilePatterns } from '../../../policies/engine/pattern.ts'
import type { Grant } from '../../../registry/protocol/call.ts'
import type { Target } from '../../../registry/protocol/endpoints.ts'

/**
 * With `matches`, the name is a pattern, such as `team/*`. A function is lost where only data can travel:
 * in the identity that a gateway signs for a worker, for example. There `isPattern` stays beside the name,
 * and the receiver compiles the pattern again.
 */
export type BoundGrant = Grant & {
  isPattern?: boolean | undefined
  matches?: (repository: string) => boolean
}

type Wanted = { type: string; name: string; action: string }

/** `name` is a pattern as policies have them; it is only compiled when it is asked for. */
export function createPatternGrant({ type, name, actions }: Grant): BoundGrant {
  let compiled: ReturnType<typeof compilePatterns> | undefined
  const matches = (repository: string) => {
    compiled ??= compilePatterns([name])
    return compiled(repository, undefined)
  }
  return { type, name, actions, isPattern: true, matches }
}

/** No bound allows everything; an empty one allows nothing. */
export function isWithinBound(bound: readonly BoundGrant[] | undefined, wanted: Wanted): boolean {
  if (!bound) return true
  return bound.some(
    (grant) =>
      grant.type === wanted.type &&
      covers(grant, wanted.action) &&
      (grant.matches?.(wanted.name) ?? grant.name === wanted.name),
  )
}

/** Whether a token is enough for `target`: `GET /v2/` needs nothing of it, the catalog needs the catalog. */
export function boundAllows(bound: readonly BoundGrant[] | undefined, target: Target): boolean {
  const { action, repository: name } = target
  if (action === 'ping') return true
  if (action === 'list') {
    return isWithinBound(bound, { type: 'registry', name: 'catalog', action: '*' })
  }
  return isWithinBound(bound, { type: 'repository', name, action })
}

/** Policies tell overwriting from pushing; tokens do not. */
function covers({ actions }: BoundGrant, action: string): boolean {
  return actions.includes('*') || actions.includes(action === 'overwrite' ? 'push' : action)
}
