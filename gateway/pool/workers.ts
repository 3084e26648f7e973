/**
 * The workers a gateway knows: which of them answer, and which has the least to do. Each gateway finds
 * that out for itself, from the answers it gets and by asking each of them again and again.
 */
import { Agent } from 'node:http'
import { RegistryError } from '../../registry/protocol/errors.ts'
import { type Address, type FindAddresses, nameOf } from './addresses.ts'
import type { Sign } from './probe.ts'

export type Worker = {
  readonly name: string
  readonly address: Address
  readonly agent: Agent
  /** Counts a request in, and with the function it answers out again. */
  begin(weight: number): () => void
  /** It could not be reached, or broke off: others come first until it answers again. */
  failed(): void
  /** It is there and of no use: the same as a failure, with the reason. */
  unfit(reason: string): void
  /** It says that it stops: it gets nothing new. */
  leaving(): void
}

export type WorkersParts = {
  find: FindAddresses
  /** Asks one for a sign of life; rejects when there is none. */
  probe: (address: Address, signal: AbortSignal) => Promise<Sign>
  /** Hears of each change. */
  report: (change: { worker: string; state: State; reason?: string }) => void
  times?: Partial<typeof usual>
}

type State = 'up' | 'down' | 'leaving'
type Known = Worker & {
  /** Undefined as long as nobody has heard of it. */
  state: State | undefined
  /** Why it is of no use, as long as it is there and says so. */
  fault: string | undefined
  load: number
  /** How many probes in turn it left without any answer. */
  misses: number
  isAsked: boolean
}

/** In milliseconds: between two probes, for an answer to one, and how long a request waits for a worker. */
const usual = { interval: 1_000, answer: 5_000, patience: 10_000 }

/** One that missed so many probes is stuck, and so is whoever waits for it. */
const missesToCut = 3

/** Sooner than a worker that stops closes an idle connection, or a request might meet it as it does. */
export const idleMs = 4_000
const mostIdle = 256

export type Workers = ReturnType<typeof createWorkers>

export function createWorkers({ find, probe, report, times }: WorkersParts) {
  const { interval, answer, patience } = { ...usual, ...times }
  const known = new Map<string, Known>()
  const closing = new AbortController()
  let changed = Promise.withResolvers<void>()
  let isFinding = false
  /** Why it is not known who there is, where it is not. */
  let unfound: unknown
  const timer = setInterval(tick, interval).unref()
  look()

  return {
    /** The one with the least to do. Waits when there is none, and throws `unavailable` in the end. */
    async pick(signal: AbortSignal): Promise<Worker> {
      const ready = leastBusy()
      if (ready) return ready

      const ends = AbortSignal.any([signal, AbortSignal.timeout(patience)])
      while (!ends.aborted) {
        look()
        await Promise.race([changed.promise, aborted(ends)])
        const found = leastBusy()
        if (found) return found
      }
      const cause = new Error(`no worker takes requests: ${describe()}`, { cause: unfound })
      throw new RegistryError('unavailable', { headers: { 'Retry-After': '1' }, cause })
    },

    close() {
      clearInterval(timer)
      closing.abort()
      for (const { agent } of known.values()) agent.destroy()
    },
  }

  function leastBusy(): Worker | undefined {
    let best: Known | undefined
    for (const worker of known.values()) {
      if (worker.state !== 'up') continue
      if (!best || worker.load < best.load) best = worker
    }
    // Behind the others from now on, so that those with nothing to do take turns.
    if (best && known.delete(best.name)) known.set(best.name, best)
    return best
  }

  /** Those who wait are woken now and then, or their waiting would pile up behind one promise. */
  function tick(): void {
    wake()
    look()
  }

  function wake(): void {
    changed.resolve()
    changed = Promise.withResolvers()
  }

  /** At each for itself: one that is stuck, or a name server, holds up nobody else's news. */
  function look(): void {
    for (const worker of known.values()) check(worker)
    if (isFinding) return
    isFinding = true
    find()
      .then(meet)
      // Without an answer about who there is, those that are known may still be there.
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
    for (const worker of known.values()) if (!names.has(worker.name)) forget(worker)
    for (const address of found) {
      const name = nameOf(address)
      if (known.has(name)) continue
      const worker = createWorker(name, address)
      known.set(name, worker)
      check(worker)
    }
  }

  function describe(): string {
    if (known.size === 0) return unfound ? String(unfound) : 'there is none'
    return [...known.values()]
      .map(({ name, state, fault }) => `${name} is ${state ?? 'new'}${fault ? ` (${fault})` : ''}`)
      .join(', ')
  }

  /** What it is doing it still may end. */
  function forget(worker: Known): void {
    worker.leaving()
    known.delete(worker.name)
  }

  async function check(worker: Known): Promise<void> {
    if (worker.isAsked) return
    worker.isAsked = true
    const late = AbortSignal.timeout(answer)
    try {
      const sign = await probe(worker.address, AbortSignal.any([closing.signal, late]))
      worker.misses = 0
      if (sign === 'leaving') worker.leaving()
      else if (sign === 'up') become(worker, 'up')
      // Whoever answers has not left, whatever was said at this address before.
      else worker.unfit(sign.unfit)
    } catch (error) {
      if (!closing.signal.aborted) miss(worker, error, late.aborted)
    } finally {
      worker.isAsked = false
    }
  }

  function miss(worker: Known, error: unknown, isLate: boolean): void {
    if (worker.state !== 'leaving') become(worker, 'down', { reason: error })
    worker.misses = isLate || isUnreachable(error) ? worker.misses + 1 : 0
    if (worker.misses === missesToCut) worker.agent.destroy()
  }

  type Why = { reason?: unknown; fault?: string }

  function become(worker: Known, state: State, { fault, reason = fault }: Why = {}): void {
    const isOld = worker.state === state && worker.fault === fault
    // What comes to light of one that is forgotten is no news.
    if (isOld || known.get(worker.name) !== worker) return
    worker.state = state
    worker.fault = fault
    // There may be another process at the same address by now.
    if (state === 'up') worker.agent.maxFreeSockets = mostIdle
    report({ worker: worker.name, state, ...(reason ? { reason: String(reason) } : {}) })
    wake()
  }

  function createWorker(name: string, address: Address): Known {
    const agent = new Agent({
      keepAlive: true,
      maxSockets: Number.POSITIVE_INFINITY,
      maxFreeSockets: mostIdle,
      timeout: idleMs,
    })
    const worker: Known = {
      name,
      address,
      agent,
      state: undefined,
      fault: undefined,
      load: 0,
      misses: 0,
      isAsked: false,
      begin(weight) {
        worker.load += weight
        return () => {
          worker.load -= weight
        }
      },
      failed: () => become(worker, 'down', { reason: 'a request failed' }),
      unfit: (fault) => become(worker, 'down', { fault }),
      leaving() {
        become(worker, 'leaving')
        agent.maxFreeSockets = 0
        for (const sockets of Object.values(agent.freeSockets)) {
          for (const socket of sockets ?? []) socket.destroy()
        }
      },
    }
    return worker
  }
}

/** The machine is gone. One that refuses is there, and may still be ending what it has. */
function isUnreachable(error: unknown): boolean {
  const { code = '' } = Object(error) as NodeJS.ErrnoException
  return ['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ETIMEDOUT'].includes(code)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
