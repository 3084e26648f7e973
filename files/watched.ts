/**
 * A value made of a file or of a folder, made again when that has changed. A change that cannot be
 * read is reported, and the last good value stands.
 */
import { open } from 'node:fs/promises'

export type Watched<T> = ReturnType<typeof watch<T>>

type Options<T> = {
  /** A file, or a folder whose entries come and go. */
  path: string
  /** Reads it all; called again after each change. */
  load: () => Promise<T>
  /** How long a value is used before the disk is asked whether it still holds. */
  checkMs: number
  report: (error: unknown) => void
}

/** File systems count time in steps; what changed this recently may change again within one. */
const unsettledMs = 1000

export function watch<T>({ path, load, checkMs, report }: Options<T>) {
  let value: { it: T } | undefined
  let seen = ''
  let checkedAt = Number.NEGATIVE_INFINITY
  let running: Promise<T> | undefined
  let lastFault = ''

  return {
    /** Rejects only as long as there has never been a good value. */
    get(): Promise<T> {
      const isFresh = value && performance.now() - checkedAt < checkMs
      return isFresh && value ? Promise.resolve(value.it) : this.check()
    },

    /** Asks the disk now; whoever asks meanwhile gets the same answer. */
    check(): Promise<T> {
      running ??= update().finally(() => {
        running = undefined
      })
      return running
    },
  }

  async function update(): Promise<T> {
    try {
      value = { it: await current() }
      lastFault = ''
    } catch (error) {
      if (!value) throw error
      // It is tried again at each check, for some faults pass by themselves; one line is enough.
      if (String(error) !== lastFault) report(error)
      lastFault = String(error)
    }
    checkedAt = performance.now()
    return value.it
  }

  async function current(): Promise<T> {
    const { mark, isSettled } = await markOf(path)
    if (value && mark === seen) return value.it
    const loaded = await load()
    seen = isSettled ? mark : ''
    return loaded
  }
}

async function markOf(path: string) {
  // On a shared volume a machine may have an old answer to stat; opening asks the server.
  const opened = await open(path)
  const { ino, size, mtimeMs, mtimeNs, ctimeNs } = await opened
    .stat({ bigint: true })
    .finally(() => opened.close())
  return {
    mark: [ino, size, mtimeNs, ctimeNs].join(),
    isSettled: Date.now() - Number(mtimeMs) > unsettledMs,
  }
}
