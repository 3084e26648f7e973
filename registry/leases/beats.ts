/** The claims that this process holds: they show signs of life, and one whose sign came too late is lost. */
import type { Claims } from './claims.ts'
import { startClock } from './elapsed.ts'
import { busyError, type Lease, leaseOf } from './lease.ts'

/** When the claim last showed a sign of life, and whether it came too late. */
type Own = { sinceBeat: () => number; isLost: boolean }

type Times = { heartbeat: number; term: number }

export function createBeats(claims: Claims, { heartbeat, term }: Times) {
  const held = new Map<string, Own>()
  const beating = setInterval(() => {
    for (const [claim, own] of held) beat(claim, own)
  }, heartbeat).unref()

  return { begin, end: (claim: string) => held.delete(claim), stop: () => clearInterval(beating) }

  /** The lease of a claim whose first sign of life was given so long ago. */
  function begin(claim: string, sinceBeat: () => number): Lease {
    const own = { sinceBeat, isLost: false }
    held.set(claim, own)
    return leaseOf(
      () => isFresh(own),
      () => isThere(claim, own),
    )
  }

  function isFresh(own: Own): boolean {
    if (own.sinceBeat() >= term) own.isLost = true
    return !own.isLost
  }

  /** A sign of life that did not reach the folder is none. One that comes too late is not given. */
  async function beat(claim: string, own: Own): Promise<void> {
    if (!isFresh(own)) return
    const sinceBeat = startClock()
    try {
      await claims.showLife(claim, new Date())
      if (isFresh(own)) own.sinceBeat = sinceBeat
    } catch {
      // It was just released, or another process has cleared it away, or the folder does not answer.
      if (held.has(claim)) await isThere(claim, own).catch(() => {})
    }
  }

  async function isThere(claim: string, own: Own): Promise<boolean> {
    try {
      await claims.confirm(claim)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') own.isLost = true
      throw busyError('unavailable')
    }
    return true
  }
}
