/** Leases that a test takes away, as another process does once they have run out. */
import { type Leases, leaseOf } from '../../registry/leases/lease.ts'

type Options = {
  /** Another process had the lease before. */
  isTakenOver?: boolean
  /** The process does not notice that it has lost the lease, unless it asks the others. */
  isUnaware?: boolean
}

export function createLosableLeases({ isTakenOver = false, isUnaware = false }: Options = {}) {
  let isHeld = true
  const seemsHeld = () => isUnaware || isHeld
  const lease = { ...leaseOf(seemsHeld, async () => isHeld), isTakenOver }
  const leases: Leases = {
    hold: (_name, _busy, work) => work(lease),
    async close() {},
  }
  return {
    leases,
    lose(): void {
      isHeld = false
    },
  }
}
