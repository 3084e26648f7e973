/**
 * Leases among all processes that share a Redis. Chosen once, for what happens when Redis fails:
 *
 * With `fallback` (leases of a shared folder) every lease is held there too, always. So two never hold
 * one at once as long as the fallback works, whatever Redis does and whoever sees it; and while Redis
 * works they do not even where the folder shows one machine late what another did. Without Redis the
 * fallback alone decides.
 *
 * Without `fallback` nobody gets a lease while Redis is away: they wait a while, then `unavailable`.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { type Reason, RegistryError } from '../protocol/errors.ts'
import { acquireLease, type Claim, releaseLease, renewLease } from '../redis/lease-scripts.ts'
import type { Redis } from '../redis/open.ts'
import { startClock } from './elapsed.ts'
import { createInProcessLeases } from './in-process.ts'
import { busyError, type Lease, type Leases, leaseOf, patience } from './lease.ts'

type Options = {
  redis: Redis
  /** Closed with these leases. */
  fallback?: Leases | undefined
  /**
   * In milliseconds: how long a lease outlives its last renewal, which is less than our patience, so
   * that a crash fails nobody; how long someone waits for their turn, and for Redis to come back.
   */
  ttl?: number
  longest?: number
  bridge?: number
}

/** Someone else holds the lease, or Redis cannot be asked. */
type Obstacle = 'taken' | 'missing'
type Asked = Omit<Claim, 'epoch'>
/** `sinceAsked` counts from when Redis was asked. */
type Granted = { epoch: number; sinceAsked: () => number }

const shortestWait = 5
const longestWait = 200

export function createRedisLeases(options: Options): Leases {
  const { redis, fallback, ttl = 10_000, longest = patience, bridge = 5_000 } = options
  const bearable = { taken: longest, missing: fallback ? 0 : bridge }
  const local = createInProcessLeases(longest)

  return {
    hold: (name, busy, work) => local.hold(name, busy, () => holdShared(name, busy, work)),

    async close() {
      await Promise.all([local.close(), fallback?.close()])
    },
  }

  async function holdShared<T>(name: string, busy: Reason, work: (lease: Lease) => Promise<T>) {
    const claim = { name, owner: randomUUID() }
    const found = await acquire(claim)
    if (found === 'taken') throw busyError(busy)
    if (found === 'missing' && !fallback) throw unavailable()

    const kept = found === 'missing' ? undefined : renew(redis, { ...claim, ...found, ttl })
    try {
      // The fallback alone says whether it is held: Redis may have been away for as long as it liked.
      if (fallback) return await fallback.hold(name, busy, work)
      return await work(kept?.lease ?? lost)
    } finally {
      kept?.end()
      // A claim that cannot be released expires. A claim whose answer got lost may hold: it is released too.
      await releaseLease(redis, claim).catch(() => {})
    }
  }

  async function acquire(asked: Asked): Promise<Granted | Obstacle> {
    const start = performance.now()
    const begun = { taken: start, missing: start }
    for (let pause = shortestWait; ; pause = Math.min(pause * 2, longestWait)) {
      const found = await ask(asked)
      if (typeof found === 'object') return found

      const now = performance.now()
      if (found === 'taken') begun.missing = now
      if (now - begun[found] >= bearable[found]) return found
      // Chance breaks the step of many who wait for the same.
      await wait(pause * (0.5 + Math.random()))
    }
  }

  async function ask(asked: Asked): Promise<Granted | Obstacle> {
    const sinceAsked = startClock()
    try {
      const epoch = await acquireLease(redis, { ...asked, ttl })
      return epoch === undefined ? 'taken' : { epoch, sinceAsked }
    } catch {
      return 'missing'
    }
  }
}

type Renewal = Claim & Granted & { ttl: number }

/** Renews a claim until its end, or until it is lost. */
function renew(redis: Redis, { sinceAsked, ttl, ...claim }: Renewal) {
  let sinceConfirmed = sinceAsked
  let isOver = false
  let timer = setTimeout(askLater, ttl / 3).unref()
  const isFresh = () => sinceConfirmed() < ttl
  const leftMs = () => (isOver ? 0 : ttl - sinceConfirmed())
  const isHeld = () => !isOver && isFresh()

  return {
    lease: { ...leaseOf(isHeld, () => ask().catch(refuse)), leftMs },
    end() {
      isOver = true
      clearTimeout(timer)
    },
  }

  async function askLater(): Promise<void> {
    const pause = await ask().then(
      () => ttl / 3,
      () => ttl / 10,
    )
    if (!isOver) timer = setTimeout(askLater, pause).unref()
  }

  /** Answers whether the claim holds. */
  async function ask(): Promise<boolean> {
    const sinceNow = startClock()
    const holds = await renewLease(redis, { ...claim, ttl, wasValid: isFresh() })
    if (!holds) isOver = true
    else if (sinceNow() < sinceConfirmed()) sinceConfirmed = sinceNow
    return holds
  }
}

const lost = leaseOf(() => false)

function refuse(): never {
  throw unavailable()
}

function unavailable(): RegistryError {
  return new RegistryError('unavailable', { headers: { 'Retry-After': '2' } })
}
