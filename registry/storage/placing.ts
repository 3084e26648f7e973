/**
 * Methods of object stores beside those of a driver. Object stores have no rename, so a value that is
 * written in one place and belongs in another has to be copied. These methods spare the copy.
 * test/contract/storage-placing.ts holds each implementation to this file.
 */
import type { Bytes, Call } from './driver.ts'

export interface Placing {
  /**
   * Takes a new value whose path is known only from its bytes, as that of a blob from its digest.
   *
   * - A value that fits into one part is put once, under the path that `final` names. `final` is called
   *   when all its bytes have come, and before the request.
   * - Any other value replaces what is at `draft`: a larger one, one for which `final` answers undefined,
   *   and the bytes that came of a source that breaks off. In that last case the rejection carries the
   *   reason of the source.
   * - When `final` throws, nothing is changed.
   */
  place(draft: string, source: Bytes, call: Call & { final: Final }): Promise<Placed>

  /**
   * `put` for a value of any size, of which the path is known before. `check` is called when all bytes
   * have come: readers see nothing of the value before it has returned. When it throws, or when the
   * source breaks off, nothing is changed. Answers the size.
   */
  putStream(path: string, source: Bytes, call: Call & { check: () => void }): Promise<number>
}

/** Where a value is now. */
export type Placed = { path: string; size: number }
export type Final = () => string | undefined
