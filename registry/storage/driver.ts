/**
 * The interface of a storage back end: paths, bytes, no HTTP and no OCI.
 *
 * A path is `a/b/c`, built by registry/content/paths.ts from checked parts; drivers take it as given.
 * A value that is not there is an ordinary answer. A rejection means that the back end failed, that `signal` was
 * aborted, that the lease was lost, or what a method below names. `code` of an error of the back end decides what
 * clients hear: `ENOSPC` and `EDQUOT` (full), `EVANISHED` (the whole folder is gone), `EUNAVAILABLE` (no answer, or too
 * much to do); any other is a fault of ours, 500.
 *
 * A change that has resolved survives the loss of power. It asks its `fence` in the moment in which it is made, after
 * all that takes time. An aborted `signal` ends a call soon, and leaves a change whole or not made.
 * A driver is a plain object with its methods as own properties: registry/storage/fenced.ts copies it with
 * `{ ...driver }`, and the methods of a class would be lost.
 * test/contract/storage-driver.ts holds every driver to this file; registry/storage/open.ts chooses one, and
 * CONTRIBUTING.md ("A storage driver") says what else there is to do.
 */
import type { ByteRange } from '../protocol/range.ts'

export interface StorageDriver {
  /** Undefined when there is no value at `path`, also when it is a folder. */
  stat(path: string, call?: Call): Promise<Stat | undefined>

  /** A small value as a whole. */
  get(path: string, call?: Call): Promise<Buffer | undefined>

  /**
   * The bytes of a value of any size, all of them or one range. A chunk may be overwritten as soon as
   * the next one is asked for, so a reader that keeps it copies it.
   */
  read(path: string, call?: ReadCall): Promise<Bytes | undefined>

  /** `stat` and `read` of all bytes, for the price of one. The bytes are read or given up. */
  open(path: string, call?: Call): Promise<Opened | undefined>

  /**
   * Atomic: until it resolves, and whenever it rejects, readers see what was there before. A `hint` may be
   * gone or empty after a loss of power, which saves the two flushes that each chunk of an upload would
   * cost a disk for its state.
   */
  put(path: string, value: Uint8Array, call?: Call & { hint?: boolean }): Promise<void>

  /** `get`, with what a later change can be bound to. */
  getVersioned(path: string, call?: Call): Promise<Versioned | undefined>

  /**
   * `put` that is bound to what is there: the value of version `over`, or no value where that is undefined.
   * Answers false where anything else is there, or is being put there just now, and then changes nothing.
   * Of many that begin with no value, one is put, also when they are of different processes.
   *
   * A driver that sends a request again because its answer was lost may answer false where the first
   * request succeeded, so the caller looks again.
   */
  replace(
    path: string,
    value: Uint8Array,
    call: Call & { over: Version | undefined },
  ): Promise<boolean>

  /**
   * Removes a value if it is still the one of this version, and answers false where it is not or where there
   * is none. A lost answer has the same effect as with `replace`.
   */
  removeVersion(path: string, call: Call & { version: Version }): Promise<boolean>

  /**
   * Adds `source` to a value that has `at` bytes so far (0: it need not exist) and answers the new
   * size. Any other size rejects. When `source` breaks off, its bytes so far stay, in order, and the
   * rejection carries the reason; `stat` tells how many. A full disk may keep nothing of it.
   */
  append(path: string, source: Bytes, call: Call & { at: number }): Promise<number>

  /** Atomic, and replaces what `to` held. Rejects when there is no value at `from`. */
  move(from: string, to: string, call?: Call): Promise<void>

  /** The direct children of a folder in byte order, those after the name `after`; none if it is absent. */
  list(folder: string, call?: Call & { after?: string }): AsyncIterable<Entry>

  /**
   * Removes a value, or a folder and all below it. Removing an absent one succeeds. A value that is put into the
   * folder meanwhile may stay, and neither of the two fails. `only` are the values that a folder has, or none
   * where it is empty: a bucket, which has no folders, then lists nothing and touches nothing else.
   */
  remove(path: string, call?: Call & { only?: readonly string[] }): Promise<void>

  /**
   * Cuts off a writer that has lost its lease. A process may still have the value open for writing, as a file can
   * be: the value is then replaced by a copy, so that no reader sees what this process still writes. Object stores
   * have no open values and do nothing. An absent value stays absent.
   */
  detach(path: string, call?: Call): Promise<void>

  close(): Promise<void>
}

export type Bytes = AsyncIterable<Uint8Array>
export type Stat = {
  size: number
  /**
   * Set by the store when the value is written, and the same in every look at an unchanged value: the digests that
   * were noted for an upload's draft count only while size and time are equal (registry/uploads/draft.ts).
   */
  changedAt: Date
}
export type Opened = Stat & { bytes: Bytes; giveUp(): void }
/** Another value has another version; the same bytes, put once more, may have the same. */
export type Version = string
export type Versioned = { bytes: Buffer; version: Version }
export type Entry = { name: string; isFolder: boolean }
export type Call = {
  signal?: AbortSignal | undefined
  /** Of changes: what has to hold in the moment in which they are made. */
  fence?: Fence | undefined
}
/** The lease under which a change is made, as `registry/leases/lease.ts` describes it. */
export type Fence = {
  /** Throws where the lease has been lost: called just before the change, with nothing awaited in between. */
  check(): void
  /**
   * Only from leases in the folder of the storage: the path of a symbolic link to its root (registry/leases/ways.ts).
   * A process that takes the lease over removes the link first, so that a change through it fails with ENOENT.
   */
  way?: string | undefined
  /** For how many milliseconds more the lease is held at least; a request that may arrive later is not sent. */
  leftMs?: (() => number) | undefined
}
/**
 * Where clients can get a value of `size` bytes by themselves, for some minutes and without showing who they
 * are; undefined to send none there. Nobody looks whether there is such a value. It comes beside a driver,
 * as few have it and middleware changes it.
 */
export type FindUrl = (path: string, call: Call & { size: number }) => Promise<string | undefined>
export type ReadCall = Call & { range?: ByteRange | undefined }
