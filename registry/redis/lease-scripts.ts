/**
 * Leases as Redis keeps them: who holds one, until when, and its epoch, a number that grows with each
 * holder. Scripts, so that looking and changing are one step; the clock is the server's own.
 */
import type { Redis } from './open.ts'

/** One holder of one lease. `owner` is theirs alone, so that asking twice does not make them wait. */
export type Claim = { name: string; owner: string; epoch: number }

/** In milliseconds. */
export type Term = { ttl: number }

/*
 * Epochs follow the clock, so they grow even where the last one was forgotten. The last one is kept for
 * longer than a lease: a holder that missed its renewal learns from it whether there was another holder since.
 */
const acquire = `
local holder = redis.call('get', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
local now = redis.call('time')
local last = tonumber(redis.call('get', KEYS[2]) or 0)
local epoch = string.format('%.0f', math.max(last + 1, now[1] * 1000000 + now[2]))
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
redis.call('set', KEYS[2], epoch, 'px', ARGV[3])
return epoch`

const renew = `
local holder = redis.call('get', KEYS[1])
local last = redis.call('get', KEYS[2])
local unheld = not holder and (last == ARGV[4] or (not last and ARGV[5] == '1'))
if holder ~= ARGV[1] and not unheld then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
redis.call('set', KEYS[2], ARGV[4], 'px', ARGV[3])
return 1`

const release = `
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])`

/** The braces put both keys into one slot of a cluster. */
const keysOf = (name: string) => [`kura:{lease:${name}}:owner`, `kura:{lease:${name}}:epoch`]

const remembered = 20

/** Answers the epoch, or undefined when someone else holds the lease. Rejects like every call. */
export async function acquireLease(
  redis: Redis,
  { name, owner, ttl }: Omit<Claim, 'epoch'> & Term,
): Promise<number | undefined> {
  const args = [owner, ttl, remembered * ttl]
  return Number(await redis.run({ lua: acquire, keys: keysOf(name), args })) || undefined
}

/**
 * Says whether the claim holds. One that Redis has forgotten is restored if nobody can have held the
 * lease since: because the last epoch says so or, when that is forgotten too, because it `wasValid`.
 */
export async function renewLease(
  redis: Redis,
  { name, owner, epoch, ttl, wasValid }: Claim & Term & { wasValid: boolean },
): Promise<boolean> {
  const args = [owner, ttl, remembered * ttl, epoch, wasValid ? 1 : 0]
  return (await redis.run({ lua: renew, keys: keysOf(name), args })) === 1
}

/** Leaves a lease alone that has another owner by now. */
export async function releaseLease(
  redis: Redis,
  { name, owner }: Pick<Claim, 'name' | 'owner'>,
): Promise<void> {
  await redis.run({ lua: release, keys: keysOf(name), args: [owner] })
}
