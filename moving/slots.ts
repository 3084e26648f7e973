/** At most so many at a time, and at most so many bytes a second. */
import { setTimeout } from 'node:timers/promises'

export type Slots = ReturnType<typeof createSlots>

export function createSlots(count: number) {
  let free = count
  const waiting: (() => void)[] = []
  return async function within<T>(work: () => Promise<T>): Promise<T> {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}

/** Waits for all of them also after a failure, so that nothing goes on behind it. */
export async function allOf(works: Promise<void>[]): Promise<void> {
  const outcomes = await Promise.allSettled(works)
  const failed = outcomes.find((it) => it.status === 'rejected')
  if (failed) throw failed.reason
}

export type Rate = (bytes: number, signal?: AbortSignal) => Promise<void>

/** Resolves when so many more bytes may pass; all that use it share the rate. */
export function createRate(bytesPerSecond: number): Rate {
  let freeAt = performance.now()
  return async (bytes, signal) => {
    freeAt = Math.max(freeAt, performance.now()) + (bytes / bytesPerSecond) * 1000
    const wait = freeAt - performance.now()
    if (wait > 20) await setTimeout(wait, undefined, { signal })
  }
}
