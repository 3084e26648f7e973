/**
 * The draft of an upload: a value of its own to which chunks are added until it is moved to the digest
 * of a blob. How far it has come is written down after each chunk, also when its client has just gone.
 */
import { paths } from '../content/paths.ts'
import type { Digest } from '../protocol/digest.ts'
import type { Stat } from '../storage/driver.ts'
import type { FencedStorage } from '../storage/fenced.ts'
import { createRunningHashes, digestsOf, hashing, type RunningHash } from './hash.ts'
import { nothing, type Received, type Upload } from './record.ts'
import type { Adding, Found, UploadStates } from './store.ts'

export const draftOf = ({ repository, id }: Upload) => paths.uploadData(repository, id)

/**
 * How far a draft is: its size as storage has it, whatever the state says. The state only adds digests, if the size
 * and the time of the draft are still those that it names.
 */
export function receivedIn(found: Stat | undefined, state: Received | undefined): Received {
  if (!found) return nothing
  const isAsWritten =
    state?.size === found.size && state.changedAt.getTime() === found.changedAt.getTime()
  return { ...found, digests: isAsWritten ? state.digests : [] }
}

/** Verified bytes replace what is there, and so repair what may have been damaged. */
export async function moveDraft(under: FencedStorage, { upload, received }: Found, to: Digest) {
  if (received.size === 0) return under.put(paths.blob(to), new Uint8Array())
  await under.move(draftOf(upload), paths.blob(to))
}

export function createDrafts(states: Pick<UploadStates, 'save'>) {
  const hashes = createRunningHashes()
  return { add, settle, save, forget: ({ id }: Upload) => hashes.drop(id) }

  async function add(under: FencedStorage, found: Found, adding: Adding): Promise<Found> {
    const { upload, received } = found
    const hash = hashes.take(upload.id, received.size, adding.algorithm)
    hashes.drop(upload.id)
    const source = hash ? hashing(hash, adding.source) : adding.source
    let settled = found
    try {
      await under.append(draftOf(upload), source, { at: received.size })
    } finally {
      settled = await settle(under, found, hash)
    }
    return settled
  }

  /** Writes down what the draft holds by now. `hash` has seen what was to be written. */
  async function settle(under: FencedStorage, found: Found, hash: RunningHash | undefined) {
    const written = await under.stat(draftOf(found.upload))
    if (!written) return save(found, found.state.received)
    // A write that failed may have taken less than the hash has seen: then the hash is of no use.
    const fits = hash?.size === written.size
    if (fits) hashes.keep(found.upload.id, hash)
    return save(found, { ...written, digests: fits ? digestsOf(hash) : [] })
  }

  async function save(found: Found, received: Received | undefined): Promise<Found> {
    const { repository, id } = found.upload
    await states.save(repository, id, { ...found.state, received })
    return { ...found, received: received ?? nothing }
  }
}
