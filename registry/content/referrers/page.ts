/** Where a page of referrers ends: in number, in bytes, and in the work that is done for it. */
import type { Digest } from '../../protocol/digest.ts'
import type { Found } from './described.ts'

/** Descriptors as JSON, and what the next page comes after, if there is one. */
export type ReferrersPage = { descriptors: string[]; next: Digest | undefined }

/** Clients read no longer answer. The rest of 4 MiB is for what stands around the descriptors. */
const mostBytes = 4 * 1024 * 1024 - 1024

/** Also where hardly any of them is what was asked for. */
const mostLookedAt = 1000
const mostRead = 16 * 1024 * 1024

const comma = 1

export function fitsAlone(text: string): boolean {
  return Buffer.byteLength(text) + comma <= mostBytes
}

export function createReferrersPage(size: number) {
  const descriptors: string[] = []
  const left = { bytes: mostBytes, reads: mostRead, looks: mostLookedAt }
  let done: Digest | undefined
  return { reserveFor, take, endWithNext, endAsLast }

  /**
   * Takes what looking at a manifest costs from what is left for the page; false where too little is left. Called for
   * each manifest in turn, before one is read that has no description yet.
   */
  function reserveFor(candidate: Found | undefined): boolean {
    if (left.looks-- === 0 || left.reads <= 0) return false
    if (!candidate) return true
    const { size: bytes, description } = candidate
    const isFull = descriptors.length === size || (description?.length ?? 0) > left.bytes
    if (isFull && descriptors.length > 0) return false
    if (!description?.said) left.reads -= bytes
    return true
  }

  /** False, and it is not taken, where it does not fit any more. `text` is empty for what is no referrer. */
  function take(digest: Digest, text: string): boolean {
    left.bytes -= text ? Buffer.byteLength(text) + comma : 0
    if (left.bytes < 0) return false
    if (text) descriptors.push(text)
    done = digest
    return true
  }

  function endWithNext(): ReferrersPage {
    return { descriptors, next: done }
  }

  function endAsLast(): ReferrersPage {
    return { descriptors, next: undefined }
  }
}
