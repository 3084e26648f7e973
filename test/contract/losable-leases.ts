/** Leases that a test takes away, as another process does once they have run out. */
import { type Leases, leaseOf } from '../../registry/leases/lease.ts'

export function createLosableLeases({ isTakenOver = false } = {}) {
  let isHeld = true
  const lease = { ...leaseOf(() => isHeld), isTakenOver }
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
