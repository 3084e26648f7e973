/**
 * The workers of a gateway: picks the one with the least to do among those that take requests. Each
 * gateway finds that out by itself, from the answers it gets and by asking again and again.
 */
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { Address, FindAddresses } from './addresses.ts'
import type { Sign } from './probe.ts'
import { createRoster } from './roster.ts'
import { createSignsOfLife } from './signs-of-life.ts'
import type { Change, Known, Worker } from './worker.ts'

export type WorkersParts = {
  find: FindAddresses
  /** Asks one for a sign of life; rejects when there is none. */
  probe: (address: Address, signal: AbortSignal) => Promise<Sign>
  /** Hears of each change. */
  report: (change: Change) => void
  times?: Partial<typeof usual>
}

/** In milliseconds: between two probes, for an answer to one, and how long a request waits for a worker. */
const usual = { interval: 1_000, answer: 5_000, patience: 10_000 }

export type Workers = ReturnType<typeof createWorkers>

export function createWorkers({ find, probe, report, times }: WorkersParts) {
  const { interval, answer, patience } = { ...usual, ...times }
  const closing = new AbortController()
  const check = createSignsOfLife({ probe, answerMs: answer, signal: closing.signal })
  const roster = createRoster({ find, check, onChange, signal: closing.signal })
  const { known, look } = roster
  let changed = Promise.withResolvers<void>()
  const timer = setInterval(tick, interval).unref()
  look()

  return {
    /** The one with the least to do. Waits when there is none, and throws `unavailable` in the end. */
    async pick(signal: AbortSignal): Promise<Worker> {
      const ready = leastBusy(known)
      if (ready) return ready

      const ends = AbortSignal.any([signal, AbortSignal.timeout(patience)])
      while (!ends.aborted) {
        look()
        await Promise.race([changed.promise, aborted(ends)])
        const found = leastBusy(known)
        if (found) return found
      }
      const cause = new Error(`no worker takes requests: ${roster.describe()}`, {
        cause: roster.fault(),
      })
      throw new RegistryError('unavailable', { headers: { 'Retry-After': '1' }, cause })
    },

    close() {
      clearInterval(timer)
      closing.abort()
      for (const { agent } of known.values()) agent.destroy()
    },
  }

  /** Requests that wait are woken now and then, or their waiting would pile up behind one promise. */
  function tick(): void {
    wake()
    look()
  }

  function wake(): void {
    changed.resolve()
    changed = Promise.withResolvers()
  }

  function onChange(change: Change): void {
    report(change)
    wake()
  }
}

function leastBusy(known: Map<string, Known>): Worker | undefined {
  let best: Known | undefined
  for (const worker of known.values()) {
    if (worker.state !== 'up') continue
    if (!best || worker.load < best.load) best = worker
  }
  // Behind the others from now on, so that those with nothing to do take turns.
  if (best && known.delete(best.name)) known.set(best.name, best)
  return best
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
