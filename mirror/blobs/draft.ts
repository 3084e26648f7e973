/**
 * The bytes of a download until they are a blob. There are two places for them: on a folder, the draft of an
 * upload, which every process can read (shared-draft.ts); elsewhere, a file of this machine (local-draft.ts).
 */
import type { Digest } from '../../registry/protocol/digest.ts'
import type { ByteRange } from '../../registry/protocol/range.ts'
import type { Bytes } from '../../registry/storage/driver.ts'

export interface Draft {
  /** How many bytes are there. */
  size(): Promise<number>
  /** Adds to the end. When `source` breaks off, its bytes so far stay. */
  add(source: Bytes, adding: { at: number; signal: AbortSignal }): Promise<void>
  /** Undefined where there is none, also when it has just become the blob. */
  read(range: ByteRange, signal?: AbortSignal): Promise<Bytes | undefined>
  /** Makes the bytes the blob. Throws `digestMismatch`, and then the draft stays. */
  publish(): Promise<void>
  drop(): Promise<void>
}

export type Wanted = { repository: string; digest: Digest; id: string }
export type OpenDraft = (wanted: Wanted) => Draft
