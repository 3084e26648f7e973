/** Runs upkeep from time to time, in every process; the work itself sees to it that one does it. */
import { setTimeout as wait } from 'node:timers/promises'

export type Job = {
  /** Milliseconds between two runs. */
  interval: number
  run: (signal: AbortSignal) => Promise<void>
  onError: (error: unknown) => void
}

const longestFirstWait = 60 * 60 * 1000
/** A timer cannot be set to more, and would fire at once. */
const longestWait = 2 ** 31 - 1

/** The first run comes at a random time, so that many that start together do not work together. */
export function schedule({ interval, run, onError }: Job) {
  const stopping = new AbortController()
  const { signal } = stopping
  const ended = repeat()

  return {
    async stop(): Promise<void> {
      stopping.abort()
      await ended
    },
  }

  async function repeat(): Promise<void> {
    const first = Math.random() * Math.min(interval, longestFirstWait)
    for (let pause = first; await waited(pause); pause = interval) {
      try {
        await run(signal)
      } catch (error) {
        if (!signal.aborted) onError(error)
      }
    }
  }

  async function waited(pause: number): Promise<boolean> {
    await wait(Math.min(pause, longestWait), undefined, { signal, ref: false }).catch(() => {})
    return !signal.aborted
  }
}
