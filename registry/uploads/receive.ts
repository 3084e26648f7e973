/**
 * Adding bytes to an upload: to what lies there, or, where a driver can place them, at once to the
 * place of the blob they turn out to be. Afterwards it is written down how far the upload has come,
 * also when its client has just gone.
 */
import { paths } from '../content/paths.ts'
import { type Algorithm, algorithmOf, canonical } from '../protocol/digest.ts'
import type { ByteRange } from '../protocol/range.ts'
import type { Bytes } from '../storage/driver.ts'
import type { FencedStorage } from '../storage/fenced.ts'
import { type Upload, wrongSize } from './data.ts'
import { createRunningHashes, digestsOf, hashing, newHash, type RunningHash } from './hash.ts'
import type { Received, UploadState, UploadStates } from './state.ts'

/** Bytes to add. `range` is what the client says they cover; undefined when it does not say. */
export type Chunk = { source: Bytes; range: ByteRange | undefined }

/** What there was before the chunk, and the storage under the lease of the upload. */
type Before = { under: FencedStorage; state: UploadState; received: Received }

export function createReceiver(states: UploadStates) {
  const hashes = createRunningHashes()
  return { receive, forget: (id: string) => hashes.drop(id) }

  /** Answers what there is now. Throws `sizeMismatch`; what came stays also then. */
  async function receive(
    upload: Upload,
    before: Before,
    chunk: Chunk,
    algorithm: Algorithm,
  ): Promise<Received> {
    const { size, placed } = before.received
    const add = before.under.place && (size === 0 || placed) ? addNew : addTo
    const settled = await add(upload, before, chunk, algorithm)
    const expected = chunk.range ? chunk.range.last + 1 : settled.size
    if (settled.size === expected) return settled
    throw wrongSize(expected - size, settled.size - size)
  }

  async function addTo(upload: Upload, before: Before, { source }: Chunk, algorithm: Algorithm) {
    const { under, state, received } = before
    const { size } = received
    const hash = hashes.take(upload.id, size, algorithm)
    hashes.drop(upload.id)
    let settled: Received | undefined
    try {
      const path = paths.uploadData(upload.repository, upload.id)
      await under.append(path, hash ? hashing(hash, source) : source, { at: size })
    } finally {
      settled = await settle(under, { upload, state }, hash)
    }
    return settled
  }

  /** Only a first chunk is placed: whoever sends a second one sends more, and each would be a blob. */
  async function addNew(upload: Upload, before: Before, chunk: Chunk, algorithm: Algorithm) {
    const { under, state, received } = before
    const hash = newHash([canonical, algorithm])
    const { bytes, broken } = noting(chunk.source)
    const source = received.placed ? behind(under, paths.blob(received.placed), bytes) : bytes
    let now: Received | undefined
    let saved: Promise<Received> | undefined

    const final = () => {
      const { size } = hash
      if (received.placed || size === 0) return undefined
      const digests = digestsOf(hash)
      const placed = digests.find((it) => algorithmOf(it) === canonical)
      if (!placed) return undefined
      now = { size, changedAt: new Date(), digests, placed }
      if (!states.carry) {
        // Beside the bytes: it counts for nothing until they are found there.
        saved = save(upload, state, now)
        saved.catch(() => {})
      }
      return paths.blob(placed)
    }
    const draft = paths.uploadData(upload.repository, upload.id)
    try {
      await under.place?.(draft, hashing(hash, source), { final })
      if (now) return await (saved ?? save(upload, state, now))
    } catch (error) {
      await saved?.catch(() => {})
      // Unless it was the source that failed, what lies there may be of an earlier attempt.
      await settle(under, { upload, state }, broken.by === error ? hash : undefined)
      throw error
    }
    return settle(under, { upload, state }, hash)
  }

  async function* behind(under: FencedStorage, path: string, bytes: Bytes): Bytes {
    yield* (await under.read(path)) ?? []
    yield* bytes
  }

  async function settle(
    under: FencedStorage,
    { upload, state }: { upload: Upload; state: UploadState },
    hash: RunningHash | undefined,
  ) {
    const found = await under.stat(paths.uploadData(upload.repository, upload.id))
    if (!found) return save(upload, state, state.received)
    // A write that failed may have taken less than the hash has seen: then the hash is of no use.
    const fits = hash?.size === found.size
    if (fits) hashes.keep(upload.id, hash)
    return save(upload, state, { ...found, digests: fits ? digestsOf(hash) : [] })
  }

  async function save(upload: Upload, state: UploadState, received: Received | undefined) {
    await states.save(upload.repository, upload.id, { ...state, received })
    return received ?? { size: 0, changedAt: new Date(0), digests: [] }
  }
}

/** The same bytes; `broken.by` is what they broke off with, if they did. */
function noting(source: Bytes) {
  const broken: { by?: unknown } = {}
  async function* bytes(): Bytes {
    try {
      yield* source
    } catch (error) {
      broken.by = error
      throw error
    }
  }
  return { bytes: bytes(), broken }
}
