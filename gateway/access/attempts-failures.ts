/** Counts the failures of each key, and says how long the next try of that key has to wait. */
import { LRUCache } from 'lru-cache'

type Rules = {
  free: number
  forgiveMs: number
  firstDelayMs: number
  longestDelayMs: number
  most: number
  now: () => number
}

/** `level` is what is left of the failures at the time `since`; from there on it is forgiven. */
type Entry = { level: number; since: number; strikes: number; until: number; running: number }

/** Without a failure for this long, all is forgotten: the delays begin anew. */
const forgetMs = 3_600_000
/** While as many tries run as there are failures left, the next waits for their outcome. */
const busyMs = 1_000

export function createFailures({
  free,
  forgiveMs,
  firstDelayMs,
  longestDelayMs,
  most,
  now,
}: Rules) {
  const table = new LRUCache<string, Entry>({
    max: most,
    ttl: forgetMs,
    ttlResolution: 0,
    perf: { now },
  })

  return { waitMs, begin, end, forget: (key: string) => void table.delete(key) }

  function waitMs(key: string): number {
    const entry = table.get(key)
    if (!entry) return 0
    if (entry.until > now()) return entry.until - now()

    // Many users behind one address may log in at once, but not where some have been failing.
    const level = levelOf(entry)
    const isCrowded = level > 0 && entry.running > 0 && level + entry.running >= free
    return isCrowded ? busyMs : 0
  }

  function begin(key: string) {
    const entry = table.get(key) ?? { level: 0, since: 0, strikes: 0, until: 0, running: 0 }
    entry.running += 1
    table.set(key, entry)
  }

  function end(key: string, failed: boolean) {
    const entry = table.get(key)
    if (!entry) return
    entry.running -= 1
    if (failed) return count(key, entry)
    if (entry.running === 0 && entry.strikes === 0 && levelOf(entry) === 0) table.delete(key)
  }

  function count(key: string, entry: Entry) {
    const at = now()
    entry.level = Math.min(free, levelOf(entry) + 1)
    // Those that were on their way when the delay began do not make it longer.
    if (entry.level >= free && entry.until <= at) {
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
}
