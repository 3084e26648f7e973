/**
 * The workers of a gateway: which there are, and which of those that take requests has the least to do.
 * Each gateway finds that out by itself, from the answers it gets and by asking again and again.
 */
import { RegistryError } from '../../registry/protocol/errors.ts'
import { type Address, type FindAddresses, nameOf } from './addresses.ts'
import type { Sign } from './probe.ts'
import { createSignsOfLife } from './signs-of-life.ts'
import { type Change, createWorker, type Known, type Worker } from './worker.ts'

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
  const known = new Map<string, Known>()
  const closing = new AbortController()
  const check = createSignsOfLife({ probe, answerMs: answer, signal: closing.signal })
  let changed = Promise.withResolvers<void>()
  let isFinding = false
  /** Why the workers could not be found, if the last look for them failed. */
  let unfound: unknown
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
      const cause = new Error(`no worker takes requests: ${describe(known, unfound)}`, {
        cause: unfound,
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

  /**
   * Asks every worker, and the name server, side by side: a worker that is stuck delays the news of no
   * other. A question that is still open is not asked again.
   */
  function look(): void {
    for (const worker of known.values()) check(worker)
    if (isFinding) return
    isFinding = true
    find()
      .then(meet)
      // The known workers stay: that their list cannot be had now does not mean that they are gone.
      .catch((error) => {
        unfound = error
      })
      .finally(() => {
        isFinding = false
      })
  }

  function meet(found: Address[]): void {
    if (closing.signal.aborted) return
    unfound = undefined
    const names = new Set(found.map(nameOf))
    for (const worker of known.values()) {
      if (names.has(worker.name)) continue
      worker.forget()
      known.delete(worker.name)
    }
    for (const address of found) {
      if (known.has(nameOf(address))) continue
      const worker = createWorker(address, onChange)
      known.set(worker.name, worker)
      check(worker)
    }
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

function describe(known: Map<string, Known>, unfound: unknown): string {
  if (known.size === 0) return unfound ? String(unfound) : 'there is none'
  return [...known.values()]
    .map(({ name, state, fault }) => `${name} is ${state ?? 'new'}${fault ? ` (${fault})` : ''}`)
    .join(', ')
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
