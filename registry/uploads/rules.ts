/**
 * Uploads: how the bytes of a blob come in, in one request or in many, to any process. These rules hold
 * however bytes are kept: a chunk goes on where the last one ended, an upload belongs to the one who
 * began it, one process at a time changes it, and a repeated commit hears the same again.
 */
import { randomUUID } from 'node:crypto'
import type { Blobs } from '../content/blobs.ts'
import { underLease } from '../content/hold.ts'
import type { Lease, Leases } from '../leases/lease.ts'
import { type Algorithm, algorithmOf, type Digest } from '../protocol/digest.ts'
import { RegistryError } from '../protocol/errors.ts'
import type { Bytes } from '../storage/driver.ts'
import { type Asker, refuseOthers } from './owner.ts'
import type { Upload } from './record.ts'
import type { Beginning, Carried, Chunk, Found, UploadStore } from './store.ts'
import { wrongSize } from './verify.ts'

export type Uploads = ReturnType<typeof createUploads>

/** An upload that a client goes on with, and the text that it sends along. */
export type AskedUpload = Carried & { by: Asker }
/** How many bytes are there, and the text that the client is to send along with its next request. */
export type Progress = { size: number; carried: string | undefined }
type Whole = { digest: Digest; source: Bytes; subject: string | undefined }
type Parts = { store: UploadStore; blobs: Blobs; leases: Leases }

export function createUploads({ store, blobs, leases }: Parts) {
  const steps = createSteps(store, leases)
  return {
    start: steps.start,
    progress: steps.progress,
    append: steps.append,
    cancel: steps.cancel,
    ...createCommits({ store, blobs, ...steps }),
    ...createExpiry(store, steps.hold),
  }
}

/** Everything but the end of an upload that becomes a blob. */
function createSteps(store: UploadStore, leases: Leases) {
  return { start, progress, append, cancel, look, hold }

  /** `id` is a new one unless the caller has to find the upload again without having been told of it. */
  async function start(
    repository: string,
    { id = randomUUID(), ...beginning }: Beginning & { id?: string },
  ): Promise<AskedUpload> {
    const upload = { repository, id }
    const begun = await store.begin(upload, beginning)
    return { ...upload, by: { name: beginning.subject }, carried: store.carry(begun) }
  }

  /** Throws `uploadUnknown`, and what `refuseOthers` throws. */
  async function progress(upload: AskedUpload): Promise<Progress> {
    return progressOf(await open(upload))
  }

  function progressOf(found: Found): Progress {
    return { size: found.received.size, carried: store.carry(found) }
  }

  /**
   * Adds a chunk and answers how far the upload has come. When the body breaks off, the bytes that came
   * stay and the upload can be resumed. Throws `uploadUnknown`, `uploadOutOfOrder`, `sizeMismatch`,
   * `uploadBusy`, `unavailable` where the lease was lost, and what `refuseOthers` throws.
   */
  async function append(upload: AskedUpload, chunk: Chunk): Promise<Progress> {
    return hold(upload, async (lease) => {
      const found = await open(upload)
      expectOrder(found, chunk)
      const { algorithm } = found.state
      return progressOf(await receive(store, found, { chunk, algorithm, lease }))
    })
  }

  async function cancel(upload: AskedUpload): Promise<void> {
    await hold(upload, async (lease) => {
      const found = await open(upload)
      await store.discard(found.upload, lease, { isOurs: true })
    })
  }

  async function open(upload: AskedUpload): Promise<Found> {
    const found = await look(upload)
    if (!found) throw unknownUpload(upload)
    return found
  }

  /** `digest`: of the bytes, as the client claims. Undefined when there is no such upload. */
  async function look({ by, ...upload }: AskedUpload, digest?: Digest) {
    const found = await store.find(upload, digest)
    refuseOthers(upload.id, by, found?.state)
    return found
  }

  function hold<T>(upload: Upload, work: (lease: Lease) => Promise<T>): Promise<T> {
    const name = { name: `upload ${upload.id}`, busy: 'uploadBusy' } as const
    return underLease(leases, name, async (lease) => {
      if (lease.isTakenOver) await store.takeOver(upload, lease)
      return work(lease)
    })
  }
}

type Steps = ReturnType<typeof createSteps>
type Committing = Omit<Parts, 'leases'> & Steps

/** How bytes become a blob. */
function createCommits({ store, blobs, start, cancel, look, hold }: Committing) {
  return { take, commit }

  /** A whole blob in one request: no client will ask how far it has come. Throws what `commit` does. */
  async function take(repository: string, { digest, source, subject }: Whole): Promise<void> {
    if (await store.putWhole(repository, { digest, source, size: undefined })) return
    const upload = await start(repository, { subject, algorithm: algorithmOf(digest) })
    try {
      await commit(upload, digest, { source, range: undefined })
    } catch (error) {
      // The client never learned of the upload, so nobody could go on with it. If it cannot be removed now,
      // it is purged later; the client has to hear of the first failure.
      await cancel(upload).catch(() => {})
      throw error
    }
  }

  /**
   * Makes the upload the blob `digest`, after adding a last chunk if there is one. May be repeated: a
   * client whose answer got lost hears the same again. Throws what `append` throws, and
   * `digestMismatch`, after which the upload is still there. A chunk that is the whole blob may be all
   * or nothing: if it breaks off, nothing came of it.
   */
  async function commit(upload: AskedUpload, digest: Digest, chunk?: Chunk): Promise<void> {
    await hold(upload, async (lease) => {
      const found = await look(upload, chunk ? undefined : digest)
      if (!found) return confirm(upload, digest)
      if (chunk) await finish(found, digest, { chunk, lease })
      else await publish(found, digest, lease)
      await store.end(found, lease)
    })
  }

  async function finish(found: Found, digest: Digest, { chunk, lease }: Last): Promise<void> {
    expectOrder(found, chunk)
    const { source, range } = chunk
    const whole = { digest, source, size: range && range.last + 1 }
    const isFirst = found.received.size === 0
    if (isFirst && (await store.putWhole(found.upload.repository, whole, lease))) return
    const now = await receive(store, found, { chunk, algorithm: algorithmOf(digest), lease })
    await publish(now, digest, lease)
  }

  async function publish(found: Found, digest: Digest, lease: Lease): Promise<void> {
    const { upload, received } = found
    // A commit that a crash has cut off may have made the blob, and left an upload without bytes.
    if (received.size === 0 && (await blobs.find(upload.repository, digest))) return
    await store.publish(found, digest, lease)
  }

  /** An upload that is gone was committed, if the repository now has what the client wants it to be. */
  async function confirm(upload: Upload, digest: Digest): Promise<void> {
    if (!(await blobs.find(upload.repository, digest))) throw unknownUpload(upload)
  }
}

type Last = { chunk: Chunk; lease: Lease }

/** Uploads that nobody goes on with. */
function createExpiry(store: UploadStore, hold: Steps['hold']) {
  return { expire, isAbandoned }

  /** Removes an upload that nobody has touched since `before`; says whether it did. */
  async function expire(upload: Upload, before: Date): Promise<boolean> {
    return hold(upload, async (lease) => {
      const abandoned = await isAbandoned(upload, before)
      if (abandoned) await store.discard(upload, lease, { isOurs: false })
      return abandoned
    })
  }

  /** An upload without anything in storage tells no time, but takes no room either. */
  async function isAbandoned(upload: Upload, before: Date): Promise<boolean> {
    const changedAt = await store.changedAt(upload)
    return changedAt !== undefined && changedAt < before
  }
}

function expectOrder({ upload, received }: Found, { range }: Chunk): void {
  if (!range || range.first === received.size) return
  const detail = { upload: upload.id, expected: received.size }
  throw new RegistryError('uploadOutOfOrder', { detail })
}

type Receiving = { chunk: Chunk; algorithm: Algorithm; lease: Lease }

/** Throws `sizeMismatch` when another number of bytes came than the client said; they stay then. */
async function receive(store: UploadStore, found: Found, { chunk, algorithm, lease }: Receiving) {
  const { size } = found.received
  const now = await store.receive(found, { source: chunk.source, algorithm }, lease)
  const expected = chunk.range ? chunk.range.last + 1 : now.received.size
  if (now.received.size === expected) return now
  throw wrongSize(expected - size, now.received.size - size)
}

function unknownUpload({ id }: Upload): RegistryError {
  return new RegistryError('uploadUnknown', { detail: { upload: id } })
}
