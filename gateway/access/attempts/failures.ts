/** Counts the failures of each key of one kind, and says how long the next try of that key has to wait. */
import { LRUCache } from 'lru-cache'
import { forgetMs, type GuessRule, lostMs } from './rules.ts'

type Options = GuessRule & {
  /** How many keys are remembered. */
  most: number
  now: () => number
}

/**
 * `level` counts the failures that are not forgiven at the time `since`; from there on they fade. An
 * attempt that has no outcome by `lostAt`, for example since its process died, counts as lost.
 */
type Entry = {
  level: number
  since: number
  strikes: number
  until: number
  running: number
  lostAt: number
}

const blank = { level: 0, since: 0, strikes: 0, until: 0, running: 0, lostAt: 0 }

/** While as many tries run as there are failures left, the next waits for their outcome. */
export type Wait = number | 'busy'

export function createFailures({ most, now, ...rule }: Options) {
  const { free, forgiveMs, firstDelayMs, longestDelayMs } = rule
  const table = new LRUCache<string, Entry>({
    max: most,
    ttl: forgetMs,
    ttlResolution: 0,
    perf: { now },
  })

  return { waitOf, begin, end, forget: (key: string) => void table.delete(key) }

  /** Milliseconds, or none. */
  function waitOf(key: string): Wait {
    const entry = table.get(key)
    if (!entry) return 0
    if (entry.until > now()) return entry.until - now()
    const running = runningOf(entry)
    return running > 0 && Math.ceil(levelOf(entry)) + running >= free ? 'busy' : 0
  }

  function begin(key: string): void {
    const entry = table.get(key) ?? { ...blank }
    entry.running = runningOf(entry) + 1
    entry.lostAt = now() + lostMs
    table.set(key, entry)
  }

  function end(key: string, failed: boolean): void {
    const entry = table.get(key) ?? (failed ? { ...blank } : undefined)
    if (!entry) return
    entry.running = Math.max(0, entry.running - 1)
    if (failed) count(key, entry)
    else if (isBlank(entry)) table.delete(key)
  }

  function count(key: string, entry: Entry): void {
    const at = now()
    entry.level = Math.min(free, levelOf(entry) + 1)
    // Those that were on their way when the delay began do not make it longer.
    if (Math.ceil(entry.level) >= free && entry.until <= at) {
      entry.until = at + Math.min(longestDelayMs, firstDelayMs * 2 ** entry.strikes)
      entry.strikes += 1
    }
    entry.since = Math.max(at, entry.until)
    table.set(key, entry)
  }

  /** Waiting out a delay forgives nothing; only the time after it does. */
  function levelOf({ level, since }: Entry): number {
    return Math.max(0, level - Math.max(0, now() - since) / forgiveMs)
  }

  function isBlank(entry: Entry): boolean {
    return entry.running === 0 && entry.strikes === 0 && levelOf(entry) === 0
  }

  function runningOf({ running, lostAt }: Entry): number {
    return lostAt > now() ? running : 0
  }
}
