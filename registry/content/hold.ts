/**
 * Work under a lease. Its changes go through the storage that it is given, which asks the lease; its
 * answer counts only if the lease is still held in the end. Otherwise another process may have gone on
 * meanwhile, so nothing is acknowledged: the answer is 503.
 */
import type { Lease, Leases } from '../leases/lease.ts'
import type { Reason } from '../protocol/errors.ts'
import type { StorageDriver } from '../storage/driver.ts'
import { type FencedStorage, fenced } from '../storage/fenced.ts'

type Name = { name: string; busy: Reason }
type Work<T> = (under: FencedStorage, lease: Lease) => Promise<T>

/** `storage` may be one that is under another lease; then both are asked. */
export function hold<T>(
  leases: Leases,
  { storage, ...name }: Name & { storage: Omit<StorageDriver, 'close'> },
  work: Work<T>,
): Promise<T> {
  return underLease(leases, name, (lease) => work(fenced(storage, lease), lease))
}

/** For work that knows best what it changes: it has to fence that by itself. */
export function underLease<T>(
  leases: Leases,
  { name, busy }: Name,
  work: (lease: Lease) => Promise<T>,
): Promise<T> {
  return leases.hold(name, busy, async (lease) => {
    try {
      return await work(lease)
    } finally {
      await lease.confirm()
    }
  })
}
