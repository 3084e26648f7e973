/**
 * The bytes of an upload: where they lie and how they become a blob. Drivers that would have to copy
 * them put them where they belong at once, as far as that can be known: they are then "placed", in a
 * blob that no repository shows yet.
 */
import type { Blobs } from '../content/blobs.ts'
import { paths } from '../content/paths.ts'
import {
  type Algorithm,
  algorithmOf,
  canonical,
  type Digest,
  digestOf,
} from '../protocol/digest.ts'
import { RegistryError } from '../protocol/errors.ts'
import type { Bytes, Stat } from '../storage/driver.ts'
import type { FencedStorage, ReadableStorage } from '../storage/fenced.ts'
import { digestsOf, hashing, newHash } from './hash.ts'
import type { Received, UploadState } from './state.ts'

export type Upload = { repository: string; id: string }
type Publishing = { upload: Upload; digest: Digest; verified: Digest }
type Whole = { source: Bytes; size: number | undefined }
type Whose = { isOurs: boolean }
/** What the driver can do is asked for where nothing is changed. */
type Abilities = { place?: unknown; putStream?: unknown }
type Ask = (path: string) => Promise<Stat | undefined>

/** A placed blob that is older may be about to be collected; far less than what is given it there. */
const freshMs = 30 * 60 * 1000

const nothing: Received = { size: 0, changedAt: new Date(0), digests: [] }

export function createUploadData(storage: ReadableStorage & Abilities, blobs: Blobs) {
  return { probe, find, verify, publish, takesWhole, putWhole, remove }

  /**
   * Begins to ask for what is probably wanted, while the state is still being read: the data, or the
   * blob that the client says it has sent.
   */
  function probe({ repository, id }: Upload, digest?: Digest): Ask {
    const blob = digest && algorithmOf(digest) === canonical ? paths.blob(digest) : undefined
    const likely = storage.place ? blob : paths.uploadData(repository, id)
    const asked = likely ? storage.stat(likely) : undefined
    asked?.catch(() => {})
    return (path) => (asked && path === likely ? asked : storage.stat(path))
  }

  /**
   * What is there, with what the state says of it as long as nobody has touched it since. Without
   * `ask`, the state was written down after the bytes, and not beside them.
   */
  async function find(upload: Upload, state: UploadState, ask?: Ask): Promise<Received> {
    const { received, filed } = state
    if (received?.placed && !ask && !filed && isFresh(received.changedAt)) return received
    return look(upload, received, ask ?? storage.stat)
  }

  async function look(upload: Upload, received: Received | undefined, ask: Ask): Promise<Received> {
    if (received?.placed) return findPlaced(received, paths.blob(received.placed), ask)
    // What lies beside a state that does not say so was never acknowledged, and is replaced.
    if (storage.place && !received) return nothing

    const found = await ask(paths.uploadData(upload.repository, upload.id))
    if (!found) return nothing
    const changedAt = received?.changedAt.getTime()
    const holds = received?.size === found.size && changedAt === found.changedAt.getTime()
    return { ...found, digests: holds ? received.digests : [] }
  }

  async function findPlaced(received: Received, path: string, ask: Ask): Promise<Received> {
    const found = await ask(path)
    return found?.size === received.size ? { ...received, ...found } : nothing
  }

  /** Answers the canonical digest. Reads the bytes again only when their digests are not known yet. */
  async function verify(upload: Upload, received: Received, digest: Digest): Promise<Digest> {
    const needed = [canonical, algorithmOf(digest)]
    const isKnown = (name: Algorithm) => received.digests.some((it) => algorithmOf(it) === name)
    const digests = needed.every(isKnown)
      ? received.digests
      : await readAgain(upload, received, needed)
    if (digests.includes(digest)) {
      return digests.find((it) => algorithmOf(it) === canonical) ?? digest
    }
    throw mismatch(digest, digests)
  }

  async function readAgain(upload: Upload, { size, placed }: Received, algorithms: Algorithm[]) {
    const hash = newHash(algorithms)
    const path = placed ? paths.blob(placed) : paths.uploadData(upload.repository, upload.id)
    const bytes = size > 0 ? await storage.read(path) : undefined
    if (bytes) for await (const _ of hashing(hash, bytes));
    return digestsOf(hash)
  }

  /*
   * Of what is not there yet the link comes first, and shows nothing until the bytes are. In the other
   * order a crash in between would leave a client that tries again with neither an upload nor a blob.
   */
  async function publish(under: FencedStorage, received: Received, publishing: Publishing) {
    const { upload, digest, verified } = publishing
    if (received.placed) await refresh(under, received.placed, received.changedAt)
    await blobs.link(under, { repository: upload.repository, digest, stored: verified })
    const { placed, size } = received
    if (placed) return
    if (size === 0) return under.put(paths.blob(verified), new Uint8Array())
    // Verified bytes replace what is there, and so repair what may have been damaged.
    const from = paths.uploadData(upload.repository, upload.id)
    await under.move(from, paths.blob(verified), { size })
  }

  async function refresh(under: FencedStorage, placed: Digest, changedAt: Date): Promise<void> {
    if (isFresh(changedAt)) return
    const bytes = await storage.get(paths.blob(placed))
    if (!bytes || digestOf(canonical, bytes) !== placed) throw new RegistryError('unavailable')
    await under.put(paths.blob(placed), bytes)
  }

  /** Whether `putWhole` can be used for a blob that is pushed under this digest. */
  function takesWhole(digest: Digest): boolean {
    return storage.putStream !== undefined && algorithmOf(digest) === canonical
  }

  /** Throws `digestMismatch` and `sizeMismatch`, and then nothing has changed. */
  async function putWhole(under: FencedStorage, digest: Digest, whole: Whole) {
    const hash = newHash([canonical])
    const check = () => {
      const { size: expected = hash.size } = whole
      if (hash.size !== expected) throw wrongSize(expected, hash.size)
      if (!digestsOf(hash).includes(digest)) throw mismatch(digest, digestsOf(hash))
    }
    await under.putStream?.(paths.blob(digest), hashing(hash, whole.source), { check })
  }

  /** `isOurs` when nobody else can have put anything there. */
  async function remove(under: FencedStorage, { repository, id }: Upload, { isOurs }: Whose) {
    const names = isOurs ? { names: paths.uploadNames } : {}
    await under.remove(paths.upload(repository, id), names)
  }
}

const isFresh = (changedAt: Date) => Date.now() - changedAt.getTime() < freshMs

export function wrongSize(expected: number, found: number): RegistryError {
  return new RegistryError('sizeMismatch', { detail: { expected, found } })
}

function mismatch(digest: Digest, digests: Digest[]): RegistryError {
  const found = digests.find((it) => algorithmOf(it) === algorithmOf(digest))
  return new RegistryError('digestMismatch', { detail: { digest, found } })
}
