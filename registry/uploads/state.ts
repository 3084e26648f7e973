/** What is remembered of an upload beside its bytes, so that any process can go on with it. */
import type { Algorithm, Digest } from '../spec/digest.ts'
import type { Call } from '../storage/driver.ts'

export type UploadState = {
  /** Who began it; undefined for a stranger. */
  subject: string | undefined
  startedAt: Date
  /** What to hash with beside the canonical algorithm, as the client announced. */
  algorithm: Algorithm
  received: Received | undefined
}

/** The digests of everything received so far, as far as they are known, and where it lies. */
export type Received = {
  size: number
  /** The state of the data that all this belongs to. */
  changedAt: Date
  digests: Digest[]
  /** The bytes are not beside the state: they are that of this blob, which no repository may show yet. */
  placed?: Digest | undefined
}

/**
 * A state may be older than what was last saved, and may outlive its upload: it is a hint, which counts
 * as far as the data bears it out. Lost state costs a second reading of the bytes, never an upload.
 */
export interface UploadStates {
  /** Undefined when there is no such upload. One that another registry began has a bare state. */
  find(repository: string, id: string, call?: Call): Promise<UploadState | undefined>
  save(repository: string, id: string, state: UploadState, call?: Call): Promise<void>
  /** What else is remembered of an upload whose folder is about to be removed. */
  forget?(repository: string, id: string): Promise<void>
}
