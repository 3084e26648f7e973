/**
 * A blob on its way, as the registry reads blobs: a client gets the bytes as they come. The last of them
 * waits until all are verified, so that no answer is whole with bytes that are wrong.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Blob, Blobs } from '../../registry/content/blobs.ts'
import type { Digest } from '../../registry/protocol/digest.ts'
import type { ByteRange } from '../../registry/protocol/range.ts'
import type { Bytes } from '../../registry/storage/driver.ts'
import type { Download } from './download.ts'
import type { Progress } from './watch.ts'

type Parts = {
  download: Download
  repository: string
  blobs: Blobs
  signal: AbortSignal
  /** Called where the first of the wanted bytes do not come soon, so that the client can be told to wait. */
  onWaiting: () => void
}

/** Milliseconds without a byte after which a client is told to wait; many give up without any answer. */
const soon = 2_000

/** Between two tries to read a draft that is just becoming the blob. */
const becomingMs = 10

export function createFollowedBlobs({ download, repository, blobs, signal, onWaiting }: Parts) {
  return { find, open: async () => undefined, read }

  /**
   * Waits until the size is known, which it is of the blob at the latest. Without bytes there is no last one that
   * could wait for the digest, so an empty blob is waited for.
   */
  async function find(_repository: string, digest: Digest): Promise<Blob | undefined> {
    const { size, isDone } = await download.progress((now) => (now.size ?? 0) > 0, signal)
    if (isDone || size === undefined) return blobs.find(repository, digest, { signal })
    return { canonical: digest, size }
  }

  async function read(blob: Blob, { range }: { range?: ByteRange | undefined } = {}) {
    return notWaitingLong(follow(blob, range ?? { first: 0, last: blob.size - 1 }))
  }

  async function* notWaitingLong(bytes: Bytes): Bytes {
    const timer = setTimeout(onWaiting, soon)
    try {
      for await (const chunk of bytes) {
        clearTimeout(timer)
        yield chunk
      }
    } finally {
      clearTimeout(timer)
    }
  }

  async function* follow(told: Blob, { first, last }: ByteRange): Bytes {
    let at = first
    while (at <= last) {
      const from = at
      const isMore = (now: Progress) => Math.min(now.written, last) > from
      const { written, isDone } = await download.progress(isMore, signal)
      if (isDone) return yield* readBlob(told, { first: at, last })
      const range = { first: at, last: Math.min(written, last) - 1 }
      for await (const chunk of (await download.read(range, signal)) ?? []) {
        yield chunk
        at += chunk.length
      }
      if (at === from) await wait(becomingMs)
    }
  }

  async function* readBlob({ canonical, size }: Blob, range: ByteRange): Bytes {
    const blob = await blobs.find(repository, canonical, { signal })
    if (blob && blob.size !== size) {
      throw new Error(`${canonical} has ${blob.size} bytes where ${size} were told`)
    }
    const bytes = blob && (await blobs.read(blob, { range, signal }))
    if (!bytes) throw new Error(`${canonical} is gone just after it was fetched`)
    yield* bytes
  }
}
