/**
 * The first bytes of an upload to a bucket. They are put once, under the digest they turn out to have, if
 * they fit into one request; otherwise they become the draft.
 */
import { paths } from '../../content/paths.ts'
import { algorithmOf, canonical } from '../../protocol/digest.ts'
import type { Bytes, StorageDriver } from '../../storage/driver.ts'
import type { Fenced } from '../../storage/fenced.ts'
import type { Placing } from '../../storage/placing.ts'
import { type createDrafts, draftOf } from '../draft.ts'
import { digestsOf, hashing, newHash, type RunningHash } from '../hash.ts'
import type { Received } from '../record.ts'
import type { Adding, Found } from '../store.ts'
import type { BucketStates } from './states.ts'

export type Bucket = StorageDriver & Placing
type Drafts = ReturnType<typeof createDrafts>

export function createPlacer(states: BucketStates, drafts: Drafts) {
  return { place }

  /**
   * Only a first chunk is placed: a client that sends a second one sends more, and each would be a blob.
   * The placed chunk is then read again, and becomes a draft together with the second one.
   */
  async function place(under: Fenced<Bucket>, found: Found, adding: Adding): Promise<Found> {
    const before = found.received.placed
    const hash = newHash([canonical, adding.algorithm])
    const { bytes, broken } = noting(adding.source)
    const source = before ? behind(under, paths.blob(before), bytes) : bytes
    let now: Received | undefined
    let saved: Promise<Found> | undefined

    const final = () => {
      now = before ? undefined : placedAs(hash)
      // A file that says so counts for nothing until the bytes are found.
      if (now && states.areFiles) saved = drafts.save(found, now)
      saved?.catch(() => {})
      return now?.placed && paths.blob(now.placed)
    }
    try {
      await under.place(draftOf(found.upload), hashing(hash, source), { final })
      if (now) return await (saved ?? drafts.save(found, now))
    } catch (error) {
      await saved?.catch(() => {})
      // Unless it was the source that failed, what lies there may be of an earlier attempt.
      await drafts.settle(under, found, broken.by === error ? hash : undefined)
      throw error
    }
    return drafts.settle(under, found, hash)
  }
}

/** Undefined for no bytes at all, which need no place. */
function placedAs(hash: RunningHash): Received | undefined {
  const digests = digestsOf(hash)
  const placed = digests.find((it) => algorithmOf(it) === canonical)
  const { size } = hash
  return placed && size > 0 ? { size, changedAt: new Date(), digests, placed } : undefined
}

async function* behind(under: Fenced<Bucket>, path: string, bytes: Bytes): Bytes {
  yield* (await under.read(path)) ?? []
  yield* bytes
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
