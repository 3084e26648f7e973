/**
 * Uploads: how the bytes of a blob come in, in one request or in many, to any process. An upload's
 * bytes are on disk before a client hears of them, and become a blob only once they are verified.
 */
import { randomUUID } from 'node:crypto'
import type { Blobs } from '../content/blobs.ts'
import { hold as holdLease } from '../content/hold.ts'
import { paths } from '../content/paths.ts'
import type { Leases } from '../leases/lease.ts'
import { algorithmOf, type Digest } from '../protocol/digest.ts'
import { RegistryError } from '../protocol/errors.ts'
import type { Bytes, StorageDriver } from '../storage/driver.ts'
import { type FencedStorage, type ReadableStorage, withoutLease } from '../storage/fenced.ts'
import { type Asker, refuseOthers } from './asker.ts'
import { createUploadData, type Upload } from './data.ts'
import { lastChange } from './last-change.ts'
import { type Chunk, createReceiver } from './receive.ts'
import type { Received, UploadState, UploadStates } from './state.ts'

export type Uploads = ReturnType<typeof createUploads>
export type { Chunk, Upload }

/** An upload that somebody wants to go on with, and what they were told to bring along. */
export type AskedUpload = Upload & { by: Asker; carried?: string | undefined }
/** How many bytes are there, and what the client is to bring along next time. */
export type Progress = { size: number; carried: string | undefined }
type Beginning = Pick<UploadState, 'subject' | 'algorithm'>
type Whole = { digest: Digest; source: Bytes; subject: string | undefined }
type Found = { state: UploadState; received: Received }
type Last = Found & { under: FencedStorage; chunk: Chunk }
type Wanted = { upload: AskedUpload; digest: Digest }
type Parts = { storage: StorageDriver; blobs: Blobs; states: UploadStates; leases: Leases }

export function createUploads({ blobs, states, leases, ...parts }: Parts) {
  const storage: ReadableStorage = parts.storage
  const data = createUploadData(storage, blobs)
  const receiver = createReceiver(states)
  return { start, take, progress, append, commit, cancel, expire, isAbandoned }

  async function start(repository: string, beginning: Beginning): Promise<AskedUpload> {
    const id = randomUUID()
    const { subject, algorithm } = beginning
    const state = { subject, algorithm, startedAt: new Date(), received: undefined }
    await states.save(repository, id, state)
    const carried = states.carry?.(repository, id, state)
    return { repository, id, by: { name: subject }, carried }
  }

  /** A whole blob at once, of which nobody will ever ask how far it has come. Throws what `commit` does. */
  async function take(repository: string, { digest, source, subject }: Whole): Promise<void> {
    if (data.takesWhole(digest)) {
      // Nobody else knows of it; another push of the same blob would do the same.
      const alone = withoutLease(parts.storage)
      await data.putWhole(alone, digest, { source, size: undefined })
      return blobs.link(alone, { repository, digest, stored: digest })
    }
    const upload = await start(repository, { subject, algorithm: algorithmOf(digest) })
    try {
      await commit(upload, digest, { source, range: undefined })
    } catch (error) {
      // The client never learned of the upload, so nobody could go on with it. What cannot be removed
      // now is purged later; what went wrong first is what the client has to hear.
      await cancel(upload).catch(() => {})
      throw error
    }
  }

  /** Throws `uploadUnknown`. */
  async function progress(upload: AskedUpload): Promise<Progress> {
    return progressOf(upload, await open(upload))
  }

  function progressOf({ repository, id }: Upload, { state, received }: Found): Progress {
    const { size } = received
    const now = { ...state, received: size > 0 ? received : undefined }
    return { size, carried: states.carry?.(repository, id, now) }
  }

  /**
   * Adds a chunk and answers how far it has come. When the body breaks off, what came of it stays and
   * the upload can be resumed. Throws `uploadUnknown`, `uploadOutOfOrder`, `sizeMismatch`, `uploadBusy`.
   */
  async function append(upload: AskedUpload, chunk: Chunk): Promise<Progress> {
    return hold(upload, async (under) => {
      const found = await open(upload)
      expectOrder(upload, chunk, found.received)
      const before = { ...found, under }
      const received = await receiver.receive(upload, before, chunk, found.state.algorithm)
      return progressOf(upload, { ...found, received })
    })
  }

  /**
   * Makes the upload the blob `digest`, after adding a last chunk if there is one. May be repeated: a
   * client whose answer got lost hears the same again. Throws what `append` throws, and
   * `digestMismatch`, after which the upload is still there. A chunk that is the whole blob may be all
   * or nothing: if it breaks off, nothing came of it.
   */
  async function commit(upload: AskedUpload, digest: Digest, chunk?: Chunk): Promise<void> {
    await hold(upload, async (under) => {
      const found = await look(upload, chunk ? undefined : digest)
      if (!found) return confirm(upload, digest)

      if (!chunk) await publish(under, { upload, digest }, found.received)
      else await finish(upload, digest, { ...found, under, chunk })
      await end(under, upload, found)
    })
  }

  async function finish(upload: AskedUpload, digest: Digest, { chunk, ...found }: Last) {
    expectOrder(upload, chunk, found.received)
    if (found.received.size > 0 || !data.takesWhole(digest)) {
      const received = await receiver.receive(upload, found, chunk, algorithmOf(digest))
      return publish(found.under, { upload, digest }, received)
    }
    const size = chunk.range && chunk.range.last + 1
    await data.putWhole(found.under, digest, { source: chunk.source, size })
    await blobs.link(found.under, { repository: upload.repository, digest, stored: digest })
  }

  async function publish(under: FencedStorage, { upload, digest }: Wanted, received: Received) {
    // Between its two steps a crash leaves an upload without data.
    if (received.size === 0 && (await blobs.find(upload.repository, digest))) return
    const verified = await data.verify(upload, received, digest)
    await data.publish(under, received, { upload, digest, verified })
  }

  async function cancel(upload: AskedUpload): Promise<void> {
    await hold(upload, async (under) => {
      await open(upload)
      await discard(under, upload)
    })
  }

  /** What became a blob has left nothing behind, but for files of its state. */
  async function end(under: FencedStorage, upload: Upload, { state }: Found): Promise<void> {
    if (!states.carry || state.filed) return discard(under, upload)
    receiver.forget(upload.id)
    await states.end?.(upload.repository, upload.id)
  }

  /** Removes an upload that nobody has touched since `before`; says whether it did. */
  async function expire(upload: Upload, before: Date): Promise<boolean> {
    return hold(upload, async (under) => {
      const abandoned = await isAbandoned(upload, before)
      if (abandoned) await discard(under, upload, { isOurs: false })
      return abandoned
    })
  }

  /** A folder without a file tells no time, but takes no room either. */
  async function isAbandoned({ repository, id }: Upload, before: Date): Promise<boolean> {
    const touched = await lastChange(storage, paths.upload(repository, id))
    return touched !== undefined && touched < before
  }

  async function open(upload: AskedUpload): Promise<Found> {
    const found = await look(upload)
    if (!found) throw new RegistryError('uploadUnknown', { detail: { upload: upload.id } })
    return found
  }

  /** `digest` is what the client says it has sent. Undefined when there is no such upload. */
  async function look(upload: AskedUpload, digest?: Digest): Promise<Found | undefined> {
    const ask = states.carry ? undefined : data.probe(upload, digest)
    const state = await states.find(upload.repository, upload.id, upload.carried)
    refuseOthers(upload.id, upload.by, state)
    return state && { state, received: await data.find(upload, state, ask) }
  }

  /** An upload that is gone was committed, if the repository now has what the client wants it to be. */
  async function confirm({ repository, id }: Upload, digest: Digest): Promise<void> {
    if (await blobs.find(repository, digest)) return
    throw new RegistryError('uploadUnknown', { detail: { upload: id } })
  }

  async function discard(under: FencedStorage, upload: Upload, whose = { isOurs: true }) {
    receiver.forget(upload.id)
    await data.remove(under, upload, whose)
    await states.end?.(upload.repository, upload.id)
  }

  function hold<T>(upload: Upload, work: (under: FencedStorage) => Promise<T>): Promise<T> {
    const { storage } = parts
    const what = { name: `upload ${upload.id}`, busy: 'uploadBusy', storage } as const
    return holdLease(leases, what, async (under, { isTakenOver }) => {
      // The earlier holder may have the file open, and go on writing to it.
      if (isTakenOver) await under.detach?.(paths.uploadData(upload.repository, upload.id))
      return work(under)
    })
  }
}

function expectOrder({ id }: Upload, { range }: Chunk, { size }: Received): void {
  if (!range || range.first === size) return
  throw new RegistryError('uploadOutOfOrder', { detail: { upload: id, expected: size } })
}
