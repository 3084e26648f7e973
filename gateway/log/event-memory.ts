/**
 * The memory of events between the requests that make them up: when a push began, and which users logged
 * in lately. The oldest go where there are too many, so that a client cannot fill the memory.
 */
import { LRUCache } from 'lru-cache'
import { createPulls, type ManifestRead } from './event-pulls.ts'

export type EventMemory = {
  /** Whether this login is the first for a while; `source` is a user and an address. */
  login(source: string): Promise<boolean>
  /** A request of a push is over that began then, in milliseconds since 1970. */
  pushing(push: string, began: number): Promise<void>
  /** When the push began that is over now; undefined for an unknown one. */
  pushed(push: string): Promise<number | undefined>
  /** The reference by which a pull is told that this read is; undefined where it is a part of another. */
  pull(read: ManifestRead): Promise<string | undefined>
}

type Options = {
  /** Logins that are no further apart are one. */
  loginMs?: number
  /** Requests that are no further apart are of one push. */
  idleMs?: number
  most?: number
  now?: () => number
}

export function createEventMemory({
  loginMs = 10 * 60_000,
  idleMs = 2 * 60_000,
  most = 1_000,
  now = Date.now,
}: Options = {}): EventMemory {
  const logins = new LRUCache<string, number>({ max: most })
  const pushes = new LRUCache<string, { began: number; last: number }>({ max: most })
  const pullOf = createPulls({ most, now })

  return {
    async login(source) {
      const last = logins.get(source) ?? Number.NEGATIVE_INFINITY
      logins.set(source, now())
      return now() - last > loginMs
    },
    async pushing(push, began) {
      const known = pushes.get(push)
      const isSame = known && began - known.last <= idleMs
      pushes.set(push, { began: isSame ? Math.min(known.began, began) : began, last: now() })
    },
    async pushed(push) {
      const known = pushes.get(push)
      pushes.delete(push)
      return known && now() - known.last <= idleMs ? known.began : undefined
    },
    pull: async (read) => pullOf(read),
  }
}
