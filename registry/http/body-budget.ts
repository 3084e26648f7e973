/**
 * The memory that whole bodies may take, together and for each client. A client may hold as much as it
 * leaves free: a client that is alone gets half of it, and a later one still finds some.
 */
import { RegistryError } from '../protocol/errors.ts'
import type { CallContext } from './context.ts'

/** Of one process. */
const usualBytes = 64 * 1024 * 1024
const retryAfter = { 'Retry-After': '1' }

export type BodyBudget = ReturnType<typeof createBodyBudget>

export function createBodyBudget(total = usualBytes) {
  const heldBy = new Map<string, number>()
  let used = 0

  return {
    /** The function takes that many bytes more for this request, until it ends; or throws. */
    openFor(ctx: CallContext): (bytes: number) => void {
      const owner = ownerOf(ctx)
      let own = 0
      ctx.res.once('close', () => give(owner, own))
      return (bytes) => {
        const held = (heldBy.get(owner) ?? 0) + bytes
        if (held > total - used - bytes) {
          throw new RegistryError('tooManyBodies', { headers: retryAfter })
        }
        own += bytes
        used += bytes
        heldBy.set(owner, held)
      }
    },
  }

  function give(owner: string, bytes: number): void {
    const held = (heldBy.get(owner) ?? 0) - bytes
    used -= bytes
    if (held > 0) heldBy.set(owner, held)
    else heldBy.delete(owner)
  }
}

/** Strangers share nothing but their address. */
function ownerOf({ state, ip }: CallContext): string {
  const { name } = state.identity
  return name === undefined ? `address:${ip}` : `user:${name}`
}
