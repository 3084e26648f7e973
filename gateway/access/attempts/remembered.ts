/** Texts that are remembered for `ttl` milliseconds, at most `most` of them: beyond that, the ones used least of late go. */
import { LRUCache } from 'lru-cache'

type Options = { ttl: number; most: number; now: () => number }

export function createRemembered({ ttl, most, now }: Options) {
  return new LRUCache<string, true>({ max: most, ttl, ttlResolution: 0, perf: { now } })
}
