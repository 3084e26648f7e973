/** Leases in Redis: exclusion, renewal, and what happens to a holder that is late. */
import { beforeAll, expect, it } from '@jest/globals'
import type { Lease } from '../../../registry/leases/lease.ts'
import { createRedisLeases } from '../../../registry/leases/redis.ts'
import { acquireLease, releaseLease, renewLease } from '../../../registry/redis/lease-scripts.ts'
import { openRedis, type Redis } from '../../../registry/redis/open.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, useRedis } from '../../support/redis.ts'
import { exclusionContract } from './exclusion.ts'

describeWith(['redis-server'], 'in Redis', () => {
  const cleanup = useCleanup()
  let server: RedisServer
  let redis: Redis
  beforeAll(async () => {
    server = await useRedis(cleanup)
    redis = await openRedis({ addresses: [server.address] })
    cleanup.add(redis.close)
  })
  const leasesOf = (times: { ttl?: number; longest?: number } = {}) =>
    createRedisLeases({ redis, ...times })
  const owner = (name: string) => server.command('get', `kura:{lease:${name}}:owner`)

  exclusionContract('leases in Redis', async (longest) =>
    leasesOf({ ...(longest && { longest: 10 * longest }) }),
  )

  it('a lease is kept from others, whoever they are, and leaves no holder behind', async () => {
    await leasesOf().hold('x', 'unavailable', async () => {
      const refused = leasesOf({ longest: 10 }).hold('x', 'uploadBusy', async () => 'two hold it')
      await expect(refused).rejects.toMatchObject({ reason: 'uploadBusy', status: 409 })
    })
    expect(await owner('x')).toBe('\n')
    expect(await leasesOf({ longest: 0 }).hold('x', 'unavailable', async () => 'free')).toBe('free')
  })

  it('a lease goes to whoever waits for it as soon as it is free', async () => {
    const { promise: end, resolve: finish } = Promise.withResolvers<void>()
    const first = leasesOf().hold('x', 'unavailable', () => end)
    const second = leasesOf().hold('x', 'unavailable', async () => 'second')
    finish()
    await first
    expect(await second).toBe('second')
  })

  it('a lease that is renewed outlives its time', async () => {
    const times = { ttl: 600, longest: 1_500 }
    await leasesOf(times).hold('x', 'unavailable', async (lease) => {
      const late = leasesOf(times).hold('x', 'unavailable', async () => 'two hold it')
      await expect(late).rejects.toMatchObject({ reason: 'unavailable' })
      expect(lease.isHeld()).toBe(true)
    })
  })

  it('a lease that Redis forgot is taken up again by its holder', async () => {
    await leasesOf({ ttl: 600 }).hold('x', 'unavailable', async (lease) => {
      const before = await owner('x')
      await server.command('flushall')
      while ((await owner('x')) === '\n');
      expect(await owner('x')).toBe(before)
      expect(lease.isHeld()).toBe(true)
    })
    expect(await owner('x')).toBe('\n')
  })

  it('whoever lost the lease to another knows, and leaves it alone', async () => {
    let seen: Lease | undefined
    await leasesOf({ ttl: 60 }).hold('x', 'unavailable', async (lease) => {
      seen = lease
      await server.command('set', 'kura:{lease:x}:owner', 'another')
      while (lease.isHeld()) await new Promise(setImmediate)
    })
    expect(seen?.isHeld()).toBe(false)
    expect(await owner('x')).toBe('another\n')
    await server.command('del', 'kura:{lease:x}:owner')
  })

  it('epochs grow with each holder, also when Redis was emptied in between', async () => {
    const epochs: number[] = []
    for (const each of ['a', 'b', 'c']) {
      const claim = { name: 'epochs', owner: each, ttl: 1_000 }
      epochs.push((await acquireLease(redis, claim)) ?? 0)
      await releaseLease(redis, claim)
      if (each === 'b') await server.command('flushall')
    }
    expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b))
    expect(epochs[0]).toBeGreaterThan(0)
  })

  const late: [what: string, between: () => Promise<unknown>, wasValid: boolean, holds: boolean][] =
    [
      ['nobody else held it', async () => {}, false, true],
      ['Redis has forgotten all while it was valid', () => server.command('flushall'), true, true],
      ['Redis has forgotten all since it ran out', () => server.command('flushall'), false, false],
      [
        'another held it and let go',
        async () => {
          const other = { name: 'late', owner: 'other', ttl: 1_000 }
          expect(await acquireLease(redis, other)).toBeGreaterThan(0)
          await releaseLease(redis, other)
        },
        true,
        false,
      ],
    ]
  it.each(late)('a late renewal, when %s', async (_what, between, wasValid, holds) => {
    const claim = { name: 'late', owner: 'me', ttl: 60_000 }
    const epoch = (await acquireLease(redis, claim)) ?? 0
    // As if its time had run out.
    await server.command('del', 'kura:{lease:late}:owner')
    await between()
    expect(await renewLease(redis, { ...claim, epoch, wasValid })).toBe(holds)
    await releaseLease(redis, claim)
  })
})
