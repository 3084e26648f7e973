/**
 * What a process knows of a download: its size, how much of it has come, and whether it is over. It looks at
 * the draft, and so sees it grow whichever process writes to it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { ByteRange } from '../../registry/protocol/range.ts'
import type { Bytes } from '../../registry/storage/driver.ts'
import type { Draft, Wanted } from './draft.ts'
import type { Entries, Entry } from './entries.ts'

/** Milliseconds between two looks. */
const lookEvery = 40
/** Between two looks at the entry where no bytes of another generation can be read; in a bucket each one costs. */
const entryEvery = 500

export type Progress = { size: number | undefined; written: number; isDone: boolean }

type Parts = {
  wanted: Wanted
  draft: Draft
  entries: Entries
  hasClients: () => boolean
  /** The error for an entry of other bytes than those that clients were sent. */
  otherBytes: () => Error
}

export function createWatch({ wanted, draft, entries, hasClients, otherBytes }: Parts) {
  const state: Progress & { entry?: Entry } = { size: undefined, written: 0, isDone: false }
  const change = createChange()
  let lookedAt = 0
  return { learn, look, progress, end, refuseOthers, read }

  /** Throws where the entry is one of other bytes than a client may have been sent, or of another size. */
  function learn(entry: Entry): void {
    const { generation } = (state.written > 0 && state.entry) || entry
    const size = state.size ?? entry.size
    if (generation !== entry.generation || (entry.size ?? size) !== size) throw otherBytes()
    state.entry = entry
    state.size = size
    change.tell()
  }

  /** Throws where clients may have been sent bytes of a draft that is gone. */
  async function refuseOthers(): Promise<void> {
    if (state.written === 0) return
    const entry = await entries.find(wanted.id)
    if (!entry) throw otherBytes()
    learn(entry)
  }

  /** Until the end. */
  async function look(): Promise<void> {
    while (!state.isDone) {
      await wait(lookEvery)
      if (hasClients() && !state.isDone) await lookOnce()
    }
  }

  async function lookAtEntry(): Promise<void> {
    lookedAt = Date.now()
    const entry = await entries.find(wanted.id)
    if (state.isDone) return
    if (entry) learn(entry)
    else if (state.written > 0) throw otherBytes()
  }

  async function lookOnce(): Promise<void> {
    if (draft.holdsOne || Date.now() - lookedAt >= entryEvery) await lookAtEntry()
    const written = state.entry ? await draft.size(state.entry.generation) : 0
    if (written <= state.written) return
    state.written = written
    change.tell()
  }

  /** Resolves once `isEnough` says so or all is there; rejects when the download fails, or with `asking`. */
  async function progress(
    isEnough: (now: Progress) => boolean,
    { ended, asking }: { ended: Promise<void>; asking: AbortSignal },
  ): Promise<Progress> {
    const gone = onAbort(asking)
    try {
      while (!state.isDone && !isEnough(state)) {
        await Promise.race([change.next(), ended, gone.promise])
      }
      if (state.isDone) await ended
      return state
    } finally {
      gone.forget()
    }
  }

  /** Of the bytes that `progress` has told of. */
  async function read(range: ByteRange, signal: AbortSignal): Promise<Bytes | undefined> {
    return state.entry && draft.read(state.entry.generation, range, signal)
  }

  function end(): void {
    state.isDone = true
    change.tell()
  }
}

/** Wakes all who wait for the next change. */
function createChange() {
  let current = Promise.withResolvers<void>()
  return {
    next: () => current.promise,
    tell(): void {
      current.resolve()
      current = Promise.withResolvers<void>()
    },
  }
}

/** Rejects when the signal says so, until it is forgotten. */
function onAbort(signal: AbortSignal) {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  promise.catch(() => {})
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  return { promise, forget: () => signal.removeEventListener('abort', abort) }
}
