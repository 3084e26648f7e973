/**
 * The faults of three registries while their clients work: a process stands still or is killed, and Redis is emptied,
 * stands still, or is killed and comes back with nothing.
 */
import { setTimeout as wait } from 'node:timers/promises'
import type { Cleanup } from '../support/cleanup.ts'
import { endProcess } from '../support/processes.ts'
import type { Random } from '../support/random.ts'
import { startRedis } from '../support/redis.ts'
import type { Nodes } from './nodes.ts'

export const kinds = ['pause', 'halt', 'kill', 'empty', 'freeze', 'restart'] as const
export type Kind = (typeof kinds)[number]

type Options = { nodes: Nodes; redis: SharedRedis; random: Random; only?: readonly Kind[] }

/** How often each comes, beside the others. */
const often: Record<Kind, number> = { pause: 9, halt: 2, kill: 2, empty: 9, freeze: 1, restart: 1 }
/** In milliseconds: a process that is paused keeps its leases, and one that is halted loses them. */
const pauses = [20, 50, 100, 300, 1_000, 3_000]
const halts = [10_500, 12_000, 14_000]
/** Both less and more than the patience that kura has with a Redis. */
const freezes = [300, 900, 1_500, 3_000]
/** How many requests end between one fault and the next. */
const [fewest, most] = [50, 350]

type SharedRedis = Awaited<ReturnType<typeof startSharedRedis>>

/** One that may be killed and started again on its port. */
export async function startSharedRedis(cleanup: Cleanup) {
  let server = await startRedis()
  const { port, address } = server
  cleanup.add(() => server.destroy())
  return {
    address,
    empty: () => server.command('flushall'),
    async freeze(ms: number) {
      server.freeze()
      await wait(ms)
      server.thaw()
    },
    async restart(ms: number) {
      await server.destroy()
      await wait(ms)
      server = await startRedis({ port })
    },
  }
}

/** They go on beside each other, so that some processes stand still while Redis is emptied. */
export function createFaults({ nodes, redis, random, only = kinds }: Options) {
  const count = Object.fromEntries(kinds.map((kind) => [kind, 0])) as Record<Kind, number>
  const drawn = only.flatMap((kind) => Array<Kind>(often[kind]).fill(kind))
  const still = new Map<number, Promise<void>>()
  const over = new AbortController()
  const strikes: Record<Kind, () => Promise<unknown>> = {
    pause: () => pause(random.pick(pauses)),
    halt: () => pause(random.pick(halts)),
    async kill() {
      const pid = await pickProcess()
      if (pid !== undefined) endProcess(pid)
    },
    empty: redis.empty,
    freeze: () => redis.freeze(random.pick(freezes)),
    restart: () => redis.restart(random.pick(pauses)),
  }
  let striking: Promise<unknown> = Promise.resolve()
  let left = nextStrike()

  return {
    /** To be called after each request. */
    step() {
      left -= 1
      if (left > 0 || drawn.length === 0) return
      left = nextStrike()
      const kind = random.pick(drawn)
      count[kind] += 1
      striking = striking.then(strikes[kind])
      striking.catch(() => {})
    },
    /** Rejects when one of them could not be done. */
    async end() {
      over.abort()
      await striking
      await Promise.all(still.values())
      return count
    },
  }

  function nextStrike(): number {
    return fewest + random.below(most - fewest)
  }

  async function pause(ms: number): Promise<void> {
    const pid = await pickProcess()
    if (pid === undefined || !signal(pid, 'SIGSTOP')) return
    const standing = wait(ms, undefined, { signal: over.signal })
      .catch(() => {})
      .then(() => {
        signal(pid, 'SIGCONT')
        still.delete(pid)
      })
    still.set(pid, standing)
  }

  /** Of a registry that works now. Not all stand still at once, or nothing would happen. */
  async function pickProcess(): Promise<number | undefined> {
    const all = await nodes.pids()
    const awake = all.filter((pids) => pids.length > 0 && !pids.some((pid) => still.has(pid)))
    return awake.length > 1 ? random.pick(random.pick(awake)) : undefined
  }
}

/** Says whether there was such a process. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
