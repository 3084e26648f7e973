/**
 * The states of uploads to a bucket. With a Redis, a state is kept there and travels with the client, in `_state` of
 * its Location (`state-carried.ts`). Without one it is the object `_uploads/<id>/state.json` (`../state-files.ts`).
 * `../open.ts` chooses.
 *
 * The offset of an upload is found by `look` in `store.ts`. An upload with a draft is as long as the object
 * `_uploads/<id>/data`, whatever its state says. A small first chunk has no draft: its offset is `received.size` of the
 * state. If the state is a file or older than half an hour, that holds only while the blob `received.placed` has this
 * size; otherwise the offset is 0.
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
