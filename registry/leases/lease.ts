/**
 * Leases: one holder at a time for what must not be done twice at once, among all processes that
 * share the storage. A holder that dies loses its lease without anyone's help.
 *
 * So does a holder that was paused, or cut off from the others, for too long: it has to ask the lease
 * before each change, which `registry/storage/fenced.ts` does for it.
 */
import { type Reason, RegistryError } from '../protocol/errors.ts'

export type Lease = {
  /** Whether nobody else can have the lease by now, as far as this process knows by itself. */
  isHeld(): boolean
  /** Throws `unavailable` when the lease is not held. Takes no time, so nothing comes in between. */
  check(): void
  /** `check`, after asking Redis or the folder whether another process has taken the lease. */
  confirm(): Promise<void>
  /**
   * A path in the storage that leads to the root of the storage, and is gone before another process
   * holds the lease: a change of a file that goes this way fails once the lease is lost.
   */
  way?: string
  /** How long, in milliseconds, nobody else can get the lease even if no renewal succeeds. */
  leftMs?(): number
  /** Another process had the lease before, and may still be alive without having released it. */
  isTakenOver?: boolean
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

/** A lease of which `isHeld` says all, unless `ask` finds out more: it answers false when it is lost. */
export function leaseOf(isHeld: () => boolean, ask?: () => Promise<boolean>) {
  const check = () => {
    if (!isHeld()) throw busyError('unavailable')
  }
  return {
    isHeld,
    check,
    async confirm() {
      check()
      if (ask && !(await ask())) throw busyError('unavailable')
      check()
    },
  } satisfies Lease
}
