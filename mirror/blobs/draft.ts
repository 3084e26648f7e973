/**
 * The bytes of a download until they are a blob. There are two places for them: on a folder, the draft of an
 * upload, which every process can read (shared-draft.ts); elsewhere, a file of this machine (local-draft.ts).
 */
import type { Lease } from '../../registry/leases/lease.ts'
import type { Digest } from '../../registry/protocol/digest.ts'
import type { ByteRange } from '../../registry/protocol/range.ts'
import type { Bytes } from '../../registry/storage/driver.ts'

/** What is there of a generation (entries.ts). Where the place holds one at a time, it is that one. */
export interface Draft {
  /** Whether the place holds one generation at a time, so that only the entry tells whose bytes are read. */
  readonly holdsOne: boolean
  /** How many bytes are there. */
  size(generation: string): Promise<number>
  /** Adds to the end. When `source` breaks off, its bytes so far stay. */
  add(source: Bytes, adding: Adding): Promise<void>
  /** Undefined where there is none, also when it has just become the blob. */
  read(generation: string, range: ByteRange, signal?: AbortSignal): Promise<Bytes | undefined>
  /** Makes the bytes the blob. Throws `digestMismatch`, and then the draft stays. */
  publish(generation: string): Promise<void>
  /** When bytes were last added; undefined where there are none. */
  changedAt(generation: string): Promise<Date | undefined>
  /** Removes all generations. */
  drop(): Promise<void>
}

type Adding = {
  generation: string
  /** How many bytes are there already; with others, nothing is added. */
  at: number
  /** Those of the whole blob; undefined where the upstream does not say. */
  size: number | undefined
  /** That of the download. */
  lease: Lease
  signal: AbortSignal
}
export type Wanted = {
  repository: string
  digest: Digest
  id: string
  /** As a manifest says. */
  size?: number | undefined
}
export type OpenDraft = (wanted: Wanted) => Draft
