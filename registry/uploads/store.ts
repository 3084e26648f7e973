/**
 * Where uploads are kept: their bytes, and how far each has come. A store knows no order, no owner and
 * no lease of its own; rules.ts asks it only for what is allowed. There are two, for storage that
 * renames values (disk/) and for storage that copies them (bucket/).
 * test/contract/upload-store.ts holds both to this file.
 */
import type { Lease } from '../leases/lease.ts'
import type { Algorithm, Digest } from '../protocol/digest.ts'
import type { ByteRange } from '../protocol/range.ts'
import type { Bytes } from '../storage/driver.ts'
import type { Received, Upload, UploadState } from './record.ts'

export interface UploadStore {
  begin(upload: Upload, beginning: Beginning): Promise<Found>

  /**
   * An upload as far as it has come; undefined when there is none. One that another registry began on
   * the same storage has a state without a subject. `carried` is the text that the client was given last;
   * it may be anything. `likely` is the digest that the client claims for its bytes: a store may look there.
   */
  find(upload: Carried, likely?: Digest): Promise<Found | undefined>

  /** The text that the client is to send along with its next request; undefined for none. */
  carry(found: Found): string | undefined

  /**
   * Adds bytes and answers how far the upload has come then. When `source` breaks off, its bytes so far
   * stay and are found next time. A store may read the bytes again later to know their digests: those of
   * `algorithm` it had better know at once.
   */
  receive(found: Found, adding: Adding, lease: Lease): Promise<Found>

  /**
   * Makes the received bytes the blob `digest`. May be repeated after a failure or a crash. Throws
   * `digestMismatch`, and then the upload stays as it was.
   */
  publish(found: Found, digest: Digest, lease: Lease): Promise<void>

  /**
   * Makes `source` the blob `digest` without an upload: all of it or nothing. Answers false, and has
   * read nothing, where this store has to receive such bytes first. Without a lease, nobody else may
   * know of the bytes. Throws `digestMismatch` and `sizeMismatch`.
   */
  putWhole(repository: string, whole: Whole, lease?: Lease): Promise<boolean>

  /** Forgets an upload that has become a blob. */
  end(found: Found, lease: Lease): Promise<void>

  /** Removes an upload with its bytes. `isOurs`: this registry alone has put anything there. */
  discard(upload: Upload, lease: Lease, whose: { isOurs: boolean }): Promise<void>

  /** The process that had the lease before may still be writing: nothing of that may be seen any more. */
  takeOver(upload: Upload, lease: Lease): Promise<void>

  /** When anything of the upload was last written to storage; undefined when nothing is there. */
  changedAt(upload: Upload): Promise<Date | undefined>
}

export type Beginning = Pick<UploadState, 'subject' | 'algorithm'>
export type Carried = Upload & { carried?: string | undefined }
export type Found = { upload: Upload; state: UploadState; received: Received }
export type Adding = { source: Bytes; algorithm: Algorithm }
/** `size` is what the client says there is; undefined when it does not say. */
export type Whole = { digest: Digest; source: Bytes; size: number | undefined }

/** Bytes to add. `range` is what the client says they cover; undefined when it does not say. */
export type Chunk = { source: Bytes; range: ByteRange | undefined }

/**
 * States of uploads that are kept beside or before the bytes. A state may be older than what was last
 * saved, and may outlive its upload: it counts as far as the bytes bear it out. A lost state costs a
 * second reading of the bytes, never an upload.
 */
export interface UploadStates {
  /** Undefined when there is no such upload. */
  find(repository: string, id: string): Promise<UploadState | undefined>
  save(repository: string, id: string, state: UploadState): Promise<void>
  /** Forgets what is kept elsewhere than in the folder of the upload, which is removed by the caller. */
  end(repository: string, id: string): Promise<void>
}
