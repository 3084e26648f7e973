/**
 * Uploads: how the bytes of a blob come in, in one request or in many, to any process. An upload's
 * bytes are on disk before a client hears of them, and become a blob only once they are verified.
 */
import { randomUUID } from 'node:crypto'
import type { Blobs } from '../content/blobs.ts'
import { paths } from '../content/paths.ts'
import type { Leases } from '../leases/lease.ts'
import { type Algorithm, algorithmOf, canonical, type Digest } from '../spec/digest.ts'
import { RegistryError } from '../spec/errors.ts'
import { type ByteRange, receivedRange } from '../spec/range.ts'
import type { Bytes, StorageDriver } from '../storage/driver.ts'
import { type Asker, refuseOthers } from './asker.ts'
import { createRunningHashes, digestsOf, hashing, newHash, type RunningHash } from './hash.ts'
import { lastChange } from './last-change.ts'
import type { UploadState, UploadStates } from './state.ts'

export type Uploads = ReturnType<typeof createUploads>

/** Bytes to add. `range` is what the client says they cover; undefined when it does not say. */
export type Chunk = { source: Bytes; range: ByteRange | undefined }

export type Upload = { repository: string; id: string }
/** An upload that somebody wants to go on with. */
export type AskedUpload = Upload & { by: Asker }
type Parts = { storage: StorageDriver; blobs: Blobs; states: UploadStates; leases: Leases }

export function createUploads({ storage, blobs, states, leases }: Parts) {
  const hashes = createRunningHashes()
  return { start, receivedSize, append, commit, cancel, expire, isAbandoned }

  async function start(
    repository: string,
    { subject, algorithm }: Pick<UploadState, 'subject' | 'algorithm'>,
  ): Promise<AskedUpload> {
    const id = randomUUID()
    const state = { subject, algorithm, startedAt: new Date(), received: undefined }
    await states.save(repository, id, state)
    return { repository, id, by: { name: subject } }
  }

  /** How many bytes are there. Throws `uploadUnknown`. */
  async function receivedSize(upload: AskedUpload): Promise<number> {
    await open(upload)
    return (await dataOf(upload)).size
  }

  /**
   * Adds a chunk and answers the new size. When the body breaks off, what came of it stays and the
   * upload can be resumed. Throws `uploadUnknown`, `uploadOutOfOrder`, `sizeMismatch`, `uploadBusy`.
   */
  async function append(upload: AskedUpload, chunk: Chunk): Promise<number> {
    return hold(upload, async () => {
      const state = await open(upload)
      return (await receive(upload, state, chunk, state.algorithm)).size
    })
  }

  /**
   * Makes the upload the blob `digest`, after adding a last chunk if there is one. May be repeated: a
   * client whose answer got lost hears the same again. Throws what `append` throws, and
   * `digestMismatch`, after which the upload is still there.
   */
  async function commit(upload: AskedUpload, digest: Digest, chunk?: Chunk): Promise<void> {
    await hold(upload, async () => {
      const state = await find(upload)
      if (!state) return confirm(upload, digest)

      const { size, digests } = chunk
        ? await receive(upload, state, chunk, algorithmOf(digest))
        : await received(upload, state)
      // Between the two steps of `publish` a crash leaves an upload without data.
      if (size === 0 && (await blobs.find(upload.repository, digest))) return discard(upload)

      const verified = await verify(upload, digest, digests)
      await publish(upload, digest, verified, size)
      await discard(upload)
    })
  }

  async function cancel(upload: AskedUpload): Promise<void> {
    await hold(upload, async () => {
      await open(upload)
      await discard(upload)
    })
  }

  /** Removes an upload that nobody has touched since `before`; says whether it did. */
  async function expire(upload: Upload, before: Date): Promise<boolean> {
    return hold(upload, async () => {
      const abandoned = await isAbandoned(upload, before)
      if (abandoned) await discard(upload)
      return abandoned
    })
  }

  /** A folder without a file tells no time, but takes no room either. */
  async function isAbandoned({ repository, id }: Upload, before: Date): Promise<boolean> {
    const touched = await lastChange(storage, paths.upload(repository, id))
    return touched !== undefined && touched < before
  }

  async function open(upload: AskedUpload): Promise<UploadState> {
    const state = await find(upload)
    if (!state) throw new RegistryError('uploadUnknown', { detail: { upload: upload.id } })
    return state
  }

  async function find({ repository, id, by }: AskedUpload): Promise<UploadState | undefined> {
    const state = await states.find(repository, id)
    refuseOthers(id, by, state)
    return state
  }

  /** An upload that is gone was committed, if the repository now has what the client wants it to be. */
  async function confirm({ repository, id }: Upload, digest: Digest): Promise<void> {
    if (await blobs.find(repository, digest)) return
    throw new RegistryError('uploadUnknown', { detail: { upload: id } })
  }

  async function receive(
    upload: Upload,
    state: UploadState,
    { source, range }: Chunk,
    algorithm: Algorithm,
  ): Promise<{ size: number; digests: Digest[] }> {
    const { size } = await dataOf(upload)
    if (range && range.first !== size) throw outOfOrder(upload, size)

    const hash = hashes.take(upload.id, size, algorithm)
    hashes.drop(upload.id)
    let settled: Awaited<ReturnType<typeof settle>>
    try {
      const path = paths.uploadData(upload.repository, upload.id)
      await storage.append(path, hash ? hashing(hash, source) : source, { at: size })
    } finally {
      settled = await settle(upload, state, hash)
    }
    const expected = range ? range.last + 1 : settled.size
    if (settled.size === expected) return settled
    const detail = { expected: expected - size, found: settled.size - size }
    throw new RegistryError('sizeMismatch', { detail })
  }

  /** Writes down how far the upload has come, also when its client has just gone. */
  async function settle(upload: Upload, state: UploadState, hash: RunningHash | undefined) {
    const { size, changedAt } = await dataOf(upload)
    // A write that failed may have taken less than the hash has seen: then the hash is of no use.
    const fits = hash?.size === size
    if (fits) hashes.keep(upload.id, hash)
    const digests = fits ? digestsOf(hash) : []
    await states.save(upload.repository, upload.id, {
      ...state,
      received: { size, changedAt, digests },
    })
    return { size, digests }
  }

  /** What the state says of the data, as long as nobody has touched the data since. */
  async function received(upload: Upload, state: UploadState) {
    const { size, changedAt } = await dataOf(upload)
    const { received } = state
    const holds = received?.size === size && received.changedAt.getTime() === changedAt.getTime()
    return { size, digests: holds ? received.digests : [] }
  }

  /** Answers the canonical digest. Reads the bytes again only when their digests are not known yet. */
  async function verify(upload: Upload, digest: Digest, known: Digest[]): Promise<Digest> {
    const needed = [canonical, algorithmOf(digest)]
    const complete = needed.every((name) => known.some((it) => algorithmOf(it) === name))
    const digests = complete ? known : await readAgain(upload, needed)
    if (digests.includes(digest))
      return digests.find((it) => algorithmOf(it) === canonical) ?? digest

    const found = digests.find((it) => algorithmOf(it) === algorithmOf(digest))
    throw new RegistryError('digestMismatch', { detail: { digest, found } })
  }

  async function readAgain({ repository, id }: Upload, algorithms: Algorithm[]) {
    const hash = newHash(algorithms)
    const bytes = await storage.read(paths.uploadData(repository, id))
    if (bytes) for await (const _ of hashing(hash, bytes));
    return digestsOf(hash)
  }

  /*
   * The link comes first, and shows nothing until the bytes are there. In the other order a crash in
   * between would leave a client that tries again with neither an upload nor a blob.
   */
  async function publish(upload: Upload, digest: Digest, verified: Digest, size: number) {
    await blobs.link(upload.repository, digest, verified)
    if (size === 0) await storage.put(paths.blob(verified), new Uint8Array())
    // Verified bytes replace what is there, and so repair what may have been damaged.
    else await storage.move(paths.uploadData(upload.repository, upload.id), paths.blob(verified))
  }

  async function discard({ repository, id }: Upload): Promise<void> {
    hashes.drop(id)
    await states.forget?.(repository, id)
    await storage.remove(paths.upload(repository, id))
  }

  async function dataOf({ repository, id }: Upload) {
    const found = await storage.stat(paths.uploadData(repository, id))
    return found ?? { size: 0, changedAt: new Date(0) }
  }

  function hold<T>({ id }: Upload, work: () => Promise<T>): Promise<T> {
    return leases.hold(`upload ${id}`, 'uploadBusy', work)
  }
}

function outOfOrder({ id }: Upload, size: number): RegistryError {
  return new RegistryError('uploadOutOfOrder', {
    detail: { upload: id, expected: size },
    headers: { Range: receivedRange(size), 'Docker-Upload-UUID': id },
  })
}
