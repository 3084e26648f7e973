/**
 * Leases: one holder at a time for what must not be done twice at once, among all processes that
 * share the storage. A holder that dies loses its lease without anyone's help.
 */
import { type Reason, RegistryError } from '../spec/errors.ts'

export type Lease = {
  /**
   * Whether nobody else can have the lease by now, as far as anyone knows: to be asked before a step
   * that cannot be undone, when the work took long. A process may have been halted in between.
   */
  isHeld(): boolean
}

export interface Leases {
  /**
   * Runs `work` while holding `name`, waiting for an earlier holder for as long as `patience` allows.
   * Throws `busy` when that was not enough.
   */
  hold<T>(name: string, busy: Reason, work: (lease: Lease) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Longer than a dead holder can be mistaken for a slow one, so that a crash never fails a push. */
export const patience = 12_000

export function busyError(reason: Reason): RegistryError {
  return new RegistryError(reason, { headers: { 'Retry-After': '1' } })
}
