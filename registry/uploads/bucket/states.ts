/**
 * How far uploads to a bucket have come: their offset is `received.size` of a state. Beside a Redis the state is kept
 * there and travels with the client, in `_state` of its Location (`state-carried.ts`); without one it is `state.json`
 * beside the bytes (`../state-files.ts`). `../open.ts` chooses.
 */
import type { UploadState } from '../record.ts'
import type { UploadStates } from '../store.ts'

export interface BucketStates {
  /**
   * States are read from the bucket, as files. The bytes are then asked for at the same time, and are
   * written at the same time as the state: a request to a bucket takes long, and the state counts
   * for nothing until the bytes are found. Otherwise a state is written after the bytes, so that for
   * some time the bytes need not be looked at.
   */
  readonly areFiles: boolean
  /** `carried` is the text that the client sent along; it may be anything. */
  find(repository: string, id: string, carried?: string): Promise<UploadState | undefined>
  save(repository: string, id: string, state: UploadState): Promise<void>
  /** Forgets state that is kept outside of the folder of the upload. */
  end(repository: string, id: string): Promise<void>
  /** The text that the client is to send along with its next request. */
  carry(repository: string, id: string, state: UploadState): string | undefined
}

/** For a bucket without a Redis: processes that share nothing else need the files. */
export function createStatesInFiles(files: UploadStates): BucketStates {
  return { ...files, areFiles: true, carry: () => undefined }
}
