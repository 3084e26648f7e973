/** What befalls a cluster while its clients work: pauses, kills, and a Redis that is emptied. */
import { setTimeout as wait } from 'node:timers/promises'
import type { Cluster, Command } from '../support/cluster.ts'
import { endProcess } from '../support/processes.ts'
import type { Random } from '../support/random.ts'
import type { RedisServer } from '../support/redis.ts'

type Options = {
  cluster: Pick<Cluster, 'pids'>
  redis: RedisServer
  random: Random
  /** Milliseconds for which a process may stand still. */
  pauses: readonly number[]
}
type Kind = 'pause' | 'kill' | 'empty'

const commands: readonly Command[] = ['gateways', 'workers', 'workers']
const more = (kind: Kind, times: number) => Array<Kind>(times).fill(kind)
/** A process that was killed takes a while to be replaced, and all others wait for the processor. */
const kinds: readonly Kind[] = [...more('pause', 5), ...more('empty', 6), 'kill']
const [shortestMs, longestMs] = [20, 700]

/** Goes on until it is ended. Pauses go on beside the rest, so that some meet a Redis that is emptied. */
export function startFaults({ cluster, redis, random, pauses }: Options) {
  const count: Record<Kind, number> = { pause: 0, kill: 0, empty: 0 }
  const pausing = new Map<number, Promise<void>>()
  const over = new AbortController()
  const strikes: Record<Kind, () => Promise<unknown>> = {
    async pause() {
      const pid = await pickProcess()
      if (pid === undefined) return
      const standing = standStill(pid, random.pick(pauses)).finally(() => pausing.delete(pid))
      pausing.set(pid, standing)
    },
    async kill() {
      const pid = await pickProcess()
      if (pid !== undefined) endProcess(pid)
    },
    empty: () => redis.command('flushall'),
  }
  const running = strike()

  return {
    async end() {
      over.abort()
      await running
      await Promise.all(pausing.values())
      return count
    },
  }

  async function strike(): Promise<void> {
    while (!over.signal.aborted) {
      const kind = random.pick(kinds)
      count[kind] += 1
      await strikes[kind]()
      const pause = shortestMs + random.below(longestMs - shortestMs)
      await wait(pause, undefined, { signal: over.signal }).catch(() => {})
    }
  }

  /** One that works now. Not all stand still at once, or nothing would happen. */
  async function pickProcess(): Promise<number | undefined> {
    const all = await cluster.pids(random.pick(commands))
    const awake = all.filter((pid) => !pausing.has(pid))
    return awake.length > 1 ? random.pick(awake) : undefined
  }

  async function standStill(pid: number, ms: number): Promise<void> {
    if (!signal(pid, 'SIGSTOP')) return
    await wait(ms, undefined, { signal: over.signal }).catch(() => {})
    signal(pid, 'SIGCONT')
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
