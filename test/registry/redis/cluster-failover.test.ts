/** A cluster whose masters have replicas: one is lost, its replica takes over, and kura goes on there. */
import { beforeAll, expect, it } from '@jest/globals'
import { createRedisLeases } from '../../../registry/leases/redis.ts'
import { createClient } from '../../../registry/redis/client.ts'
import type { Availability } from '../../../registry/redis/guard.ts'
import { acquireLease, renewLease } from '../../../registry/redis/lease-scripts.ts'
import { openRedis, type Redis } from '../../../registry/redis/open.ts'
import { probe } from '../../../registry/redis/probe.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { until } from '../../support/processes.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, useRedisCluster } from '../../support/redis.ts'

/** Far more than an answer takes on a busy machine. */
const answerMs = 2_000
const masters = 3
const lost =
  /^redis\.addrs: the (?:server does not answer|server went away|cluster cannot be reached)/

describeWith(['redis-server'], 'a cluster with replicas', () => {
  const cleanup = useCleanup()
  let servers: RedisServer[]
  beforeAll(async () => {
    servers = await useRedisCluster(cleanup, { replicas: masters, nodeTimeout: 1_000 })
  })

  const serverAt = (index: number): RedisServer => {
    const server = servers[index]
    if (server === undefined) throw new Error(`there is no server ${index}`)
    return server
  }

  async function open() {
    const changes: Availability[] = []
    const back = Promise.withResolvers<void>()
    const onChange = (now: Availability) => {
      changes.push(now)
      if (now.available) back.resolve()
    }
    const redis = await openRedis(
      { addresses: servers.map((it) => it.address), answerMs },
      { pauseMs: 50, onChange },
    )
    cleanup.add(redis.close)
    return { redis, changes, back: back.promise }
  }

  /** A name whose lease is kept by this master. */
  async function nameOn(index: number): Promise<string> {
    for (let count = 0; ; count++) {
      const name = `${index}-${count}`
      const slot = await serverAt(masters + index).command('cluster', 'keyslot', `lease:${name}`)
      if (Math.floor((Number(slot) * masters) / 16_384) === index) return name
    }
  }

  const setAll = (redis: Redis, value: string) =>
    Promise.all([...'abcdefghijklmnop'].map((name) => redis.set(`kura:${name}`, value, 60_000)))

  const untilSet = (redis: Redis, value: string): Promise<unknown> =>
    setAll(redis, value).catch(() => untilSet(redis, value))

  async function whenReplicated(replica: RedisServer, key: string): Promise<void> {
    await until(async () => (await replica.command('keys', 'kura:*')).includes(key))
  }

  const losses: [what: string, index: number, lose: (master: RedisServer) => unknown][] = [
    ['killed', 0, (master) => master.destroy()],
    [
      'frozen, while the others serve what they have,',
      1,
      async (master) => {
        const alive = servers.slice(1)
        const words = ['config', 'set', 'cluster-require-full-coverage', 'no']
        await Promise.all(alive.map((it) => it.command(...words)))
        master.freeze()
      },
    ],
  ]
  it('is asked who holds which keys by each look whether it is back', async () => {
    const client = createClient({ addresses: servers.map((it) => it.address), answerMs })
    cleanup.add(async () => client.disconnect())
    await client.connect()
    const asked = async () => {
      const stats = await Promise.all(servers.map((it) => it.command('info', 'commandstats')))
      const calls = stats.join('\n').matchAll(/^cmdstat_cluster\|slots:calls=(\d+)/gm)
      return [...calls].reduce((sum, [, count]) => sum + Number(count), 0)
    }
    const before = await asked()
    await probe(client)
    expect(await asked()).toBeGreaterThan(before)
  })

  it.each(losses)(
    'of which a master is %s works again with its replica',
    async (_what, index, lose) => {
      const [master, replica] = [serverAt(index), serverAt(masters + index)]
      const { redis, changes, back } = await open()
      const other = await open()
      const name = await nameOn(index)
      await setAll(redis, 'before')
      const leases = createRedisLeases({ redis, ttl: 30_000 })
      const others = createRedisLeases({ redis: other.redis, bridge: 60_000 })

      const waiting = await leases.hold(name, 'unavailable', async (lease) => {
        await whenReplicated(replica, `kura:{lease:${name}}:owner`)
        await lose(master)
        await expect(setAll(redis, 'during')).rejects.toThrow('redis is not available')
        await expect(timed(redis.get('kura:a'))).resolves.toBeLessThan(answerMs / 2)
        const waiting = others.hold(name, 'unavailable', async () => lease.isHeld())
        await replica.said(/Failover election won/)
        await back
        await untilSet(redis, 'after')
        expect(await redis.get('kura:a')).toBe('after')
        expect(changes[0]).toEqual({ available: false, reason: expect.stringMatching(lost) })
        // It came along, and is good for nobody else.
        const third = await open()
        const eager = createRedisLeases({ redis: third.redis, longest: 0 })
        const taken = eager.hold(name, 'unavailable', async () => 'held')
        await expect(taken).rejects.toMatchObject({ reason: 'unavailable' })
        expect(lease.isHeld()).toBe(true)
        return { waiting }
      })
      expect(await waiting.waiting).toBe(false)
      master.thaw()
    },
  )

  it('may forget a lease that the replica had not heard of, and who had it learns', async () => {
    const [master, replica] = [serverAt(2), serverAt(masters + 2)]
    const [mine, yours] = [await open(), await open()]
    const claim = { name: await nameOn(2), owner: 'me', ttl: 60_000 }
    replica.freeze()
    await master.command('client', 'kill', 'type', 'replica')
    const epoch = (await acquireLease(mine.redis, claim)) ?? 0
    expect(epoch).toBeGreaterThan(0)

    await master.destroy()
    replica.thaw()
    await expect(setAll(yours.redis, 'during')).rejects.toThrow('redis is not available')
    await replica.said(/Failover election won/)
    await yours.back
    const later = await acquireLease(yours.redis, { ...claim, owner: 'you' })
    expect(later).toBeGreaterThan(epoch)
    const learn = async (): Promise<boolean> =>
      renewLease(mine.redis, { ...claim, epoch, wasValid: true }).catch(learn)
    expect(await learn()).toBe(false)
  })
})

/** How long it took until it was refused, in milliseconds. */
async function timed(work: Promise<unknown>): Promise<number> {
  const since = performance.now()
  await expect(work).rejects.toThrow('redis is not available')
  return performance.now() - since
}
