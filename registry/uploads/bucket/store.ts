/**
 * Uploads where storage can move a value only by copying it, as a bucket does. Bytes that fit into one
 * request are put under their own digest at once: they are then "placed", as a blob that no repository
 * shows yet, and the commit only links them. More bytes are added to a draft, which is copied in the end.
 */
import type { Blobs } from '../../content/blobs.ts'
import { paths } from '../../content/paths.ts'
import type { Lease } from '../../leases/lease.ts'
import { algorithmOf, canonical, type Digest, digestOf } from '../../protocol/digest.ts'
import { RegistryError } from '../../protocol/errors.ts'
import type { Stat, StorageDriver } from '../../storage/driver.ts'
import { type Fenced, fenced, withoutLease } from '../../storage/fenced.ts'
import type { Placing } from '../../storage/placing.ts'
import { createDrafts, draftOf, moveDraft, receivedIn } from '../draft.ts'
import { digestsOf, hashing, newHash } from '../hash.ts'
import { lastChange } from '../last-change.ts'
import { nothing, type Received, type Upload, type UploadState } from '../record.ts'
import type { Carried, Found, UploadStore, Whole } from '../store.ts'
import { mismatch, verify, wrongSize } from '../verify.ts'
import { type Bucket, createPlacer } from './first-bytes.ts'
import type { BucketStates } from './states.ts'

type Parts = { storage: StorageDriver; placing: Placing; blobs: Blobs; states: BucketStates }
type Ask = (path: string) => Promise<Stat | undefined>

/** A placed blob that is older may be about to be collected; far less than what is given it there. */
const freshMs = 30 * 60 * 1000
const isFresh = (changedAt: Date) => Date.now() - changedAt.getTime() < freshMs

export function createBucketStore({ storage, placing, blobs, states }: Parts): UploadStore {
  const bucket: Bucket = { ...storage, ...placing }
  const drafts = createDrafts(states)
  const placer = createPlacer(states, drafts)
  const looks = createLooks(storage, states)
  const publisher = createPublisher(storage, blobs)

  return {
    async begin(upload, beginning) {
      const state = { ...beginning, startedAt: new Date(), received: undefined }
      await states.save(upload.repository, upload.id, state)
      return { upload, state, received: nothing }
    },

    find: looks.find,

    carry({ upload, state, received }) {
      const now = { ...state, received: received.size > 0 ? received : undefined }
      return states.carry(upload.repository, upload.id, now)
    },

    receive(found, adding, lease) {
      const { size, placed } = found.received
      const add = size === 0 || placed ? placer.place : drafts.add
      return add(fenced(bucket, lease), found, adding)
    },

    publish: (found, digest, lease) => publisher.publish(fenced(bucket, lease), found, digest),

    async putWhole(repository, whole, lease) {
      // The key of a blob is its canonical digest, which has to be known before the bytes are.
      if (algorithmOf(whole.digest) !== canonical) return false
      const under = lease ? fenced(bucket, lease) : withoutLease(bucket)
      await publisher.putWhole(under, repository, whole)
      return true
    },

    /** A blob has taken its bytes with it, so that only files of a state can be left. */
    async end({ upload, state }, lease) {
      if (states.areFiles || state.hasFiles) return discard(upload, lease, { isOurs: true })
      drafts.forget(upload)
      await states.end(upload.repository, upload.id)
    },

    discard,

    // No value of a bucket is open for writing, so there is nothing to take away.
    async takeOver() {},

    changedAt: ({ repository, id }) => lastChange(storage, paths.upload(repository, id)),
  }

  async function discard(upload: Upload, lease: Lease, { isOurs }: { isOurs: boolean }) {
    drafts.forget(upload)
    const { repository, id } = upload
    const only = isOurs ? { only: paths.uploadNames } : {}
    await fenced(bucket, lease).remove(paths.upload(repository, id), only)
    await states.end(repository, id)
  }
}

/** Finds an upload and its bytes. Each look at the bucket costs a request, so some are spared. */
function createLooks(storage: StorageDriver, states: BucketStates) {
  return { find }

  async function find(asked: Carried, likely?: Digest): Promise<Found | undefined> {
    const { repository, id, carried } = asked
    const ask = states.areFiles && likely ? askingFor(likely) : storage.stat
    const state = await states.find(repository, id, carried)
    const upload = { repository, id }
    return state && { upload, state, received: await look(upload, state, ask) }
  }

  /** Asks for the blob that the client says it has sent while the state is still being read. */
  function askingFor(likely: Digest): Ask {
    const blob = algorithmOf(likely) === canonical ? paths.blob(likely) : undefined
    const asked = blob === undefined ? undefined : storage.stat(blob)
    asked?.catch(() => {})
    return (path) => (asked && path === blob ? asked : storage.stat(path))
  }

  async function look(upload: Upload, state: UploadState, ask: Ask): Promise<Received> {
    const { received } = state
    // Bytes beside a state that tells of none were never acknowledged, and are replaced.
    if (!received) return nothing
    if (!received.placed) return receivedIn(await ask(draftOf(upload)), received)
    // A state that is no file was written after the bytes were put: they are there.
    const isWritten = !states.areFiles && !state.hasFiles
    if (isWritten && isFresh(received.changedAt)) return received
    const found = await ask(paths.blob(received.placed))
    return found?.size === received.size ? { ...received, ...found } : nothing
  }
}

/** Makes the received bytes a blob. */
function createPublisher(storage: StorageDriver, blobs: Blobs) {
  return { publish, putWhole }

  // The link comes before the bytes of a draft, as in the other store.
  async function publish(under: Fenced<Bucket>, found: Found, digest: Digest): Promise<void> {
    const { upload, received } = found
    const { placed, changedAt } = received
    const path = placed ? paths.blob(placed) : draftOf(upload)
    const stored = await verify(received, digest, () => storage.read(path))
    if (placed && !isFresh(changedAt)) await putAgain(under, placed)
    await blobs.link(under, { repository: upload.repository, digest, stored })
    if (!placed) await moveDraft(under, found, stored)
  }

  /** A collector removes old blobs that nobody shows; one that was just put is none of them. */
  async function putAgain(under: Fenced<Bucket>, placed: Digest): Promise<void> {
    const bytes = await storage.get(paths.blob(placed))
    if (!bytes || digestOf(canonical, bytes) !== placed) throw new RegistryError('unavailable')
    await under.put(paths.blob(placed), bytes)
  }

  async function putWhole(under: Fenced<Bucket>, repository: string, whole: Whole): Promise<void> {
    const { digest, source } = whole
    const hash = newHash([canonical])
    const check = () => {
      const { size: expected = hash.size } = whole
      if (hash.size !== expected) throw wrongSize(expected, hash.size)
      if (!digestsOf(hash).includes(digest)) throw mismatch(digest, digestsOf(hash))
    }
    await under.putStream(paths.blob(digest), hashing(hash, source), { check })
    await blobs.link(under, { repository, digest, stored: digest })
  }
}
