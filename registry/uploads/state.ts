/** What is remembered of an upload beside its bytes, so that any process can go on with it. */
import type { Algorithm, Digest } from '../protocol/digest.ts'

export type UploadState = {
  /** Who began it; undefined for a stranger. */
  subject: string | undefined
  startedAt: Date
  /** What to hash with beside the canonical algorithm, as the client announced. */
  algorithm: Algorithm
  received: Received | undefined
  /** It was found in files beside the data, which have to go when it ends. */
  filed?: boolean | undefined
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
  /**
   * Undefined when there is no such upload. One that another registry began has a bare state. `carried`
   * is what the client has brought along.
   */
  find(repository: string, id: string, carried?: string): Promise<UploadState | undefined>
  save(repository: string, id: string, state: UploadState): Promise<void>
  /** What is remembered elsewhere than in the folder of the upload, which is about to be removed. */
  end?(repository: string, id: string): Promise<void>
  /**
   * What the client is to bring along next time. Who has this is asked without asking storage, and
   * leaves nothing there.
   */
  carry?(repository: string, id: string, state: UploadState): string
}
