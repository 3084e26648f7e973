/**
 * What a process knows of a download: its size, how much of it has come, and whether it is over. It looks at
 * the draft, and so sees it grow whichever process writes to it.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Draft, Wanted } from './draft.ts'
import type { Entries, Entry } from './entries.ts'

/** Milliseconds between two looks. */
const lookEvery = 40

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
  return { learn, look, progress, end, refuseOthers }

  /** Throws where the entry is one of other bytes than a client may have been sent. */
  function learn(entry: Entry): void {
    const { generation } = (state.written > 0 && state.entry) || entry
    if (generation !== entry.generation || entry.wrong?.includes(generation)) throw otherBytes()
    state.entry = entry
    state.size = entry.size
    change.tell()
  }

  /** The blob is right; the bytes that were sent before may be those of a draft that was not. */
  async function refuseOthers(): Promise<void> {
    const entry = state.entry && (await entries.find(wanted.id))
    if (entry) learn(entry)
  }

  /** Until the end. */
  async function look(): Promise<void> {
    while (!state.isDone) {
      await wait(lookEvery)
      if (hasClients() && !state.isDone) await lookOnce()
    }
  }

  async function lookOnce(): Promise<void> {
    const entry = state.entry?.size === undefined ? await entries.find(wanted.id) : undefined
    if (entry && !state.isDone && !entry.wrong?.includes(entry.generation)) learn(entry)
    const written = state.entry ? await draft.size() : 0
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
