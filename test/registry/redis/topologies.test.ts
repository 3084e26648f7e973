/** Redis with a master that may change, and Redis spread over several servers. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { pipeline } from 'node:stream'
import { expect, it } from '@jest/globals'
import type { Availability } from '../../../registry/redis/guard.ts'
import { acquireLease, releaseLease, renewLease } from '../../../registry/redis/lease-scripts.ts'
import { openRedis } from '../../../registry/redis/open.ts'
import { type Cleanup, useCleanup } from '../../support/cleanup.ts'
import { until } from '../../support/processes.ts'
import { describeWith } from '../../support/programs.ts'
import { useRedis, useRedisCluster, useSentinel } from '../../support/redis.ts'

function watch() {
  const changes: Availability[] = []
  const back = Promise.withResolvers<void>()
  const onChange = (now: Availability) => {
    changes.push(now)
    if (now.available) back.resolve()
  }
  return { changes, back: back.promise, onChange }
}

describeWith(['redis-server', 'redis-sentinel'], 'sentinels', () => {
  const cleanup = useCleanup()

  it('lead to the new master when the old one is frozen', async () => {
    const { master, replica, sentinel, address } = await useSentinel(cleanup)
    const { back, onChange } = watch()
    const options = { addresses: [address], master: 'main', answerMs: 300 }
    const redis = await openRedis(options, { pauseMs: 50, onChange })
    cleanup.add(redis.close)
    await redis.set('kura:x', 'kept', 60_000)
    await replica.said(/sync: Finished with success/)
    await until(async () => (await replica.command('get', 'kura:x')) === 'kept\n')

    master.freeze()
    await expect(redis.set('kura:y', 'lost', 60_000)).rejects.toThrow('redis is not available')
    await sentinel.said(/\+switch-master/)
    await back
    expect(await redis.get('kura:x')).toBe('kept')
    await redis.set('kura:z', 'new', 60_000)
    expect(await replica.command('get', 'kura:z')).toBe('new\n')
  })

  it('that know no such master are named at the start', async () => {
    const { address } = await useSentinel(cleanup)
    await expect(openRedis({ addresses: [address], master: 'other' })).rejects.toThrow(
      /^redis\.mastername: the sentinels know no master of this name/,
    )
    await expect(openRedis({ addresses: [address] })).rejects.toThrow(
      /^redis\.mastername must be set: redis\.addrs names a sentinel/,
    )
  })
})

describeWith(['redis-server'], 'a cluster', () => {
  const cleanup = useCleanup()

  it('takes keys and leases of all names, and one node of it is not enough', async () => {
    const servers = await useRedisCluster(cleanup)
    const addresses = servers.map((it) => it.address)
    const redis = await openRedis({ addresses })
    cleanup.add(redis.close)
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', '{g}', '}h{']) {
      await redis.set(`kura:upload:${name}`, name, 60_000)
      expect(await redis.get(`kura:upload:${name}`)).toBe(name)
      const claim = { name, owner: 'me', ttl: 60_000 }
      const epoch = await acquireLease(redis, claim)
      expect(epoch).toBeGreaterThan(0)
      expect(await renewLease(redis, { ...claim, epoch: epoch ?? 0, wasValid: true })).toBe(true)
      expect(await acquireLease(redis, { ...claim, owner: 'you' })).toBeUndefined()
      await releaseLease(redis, claim)
    }
    const sizes = await Promise.all(servers.map((it) => it.command('dbsize')))
    expect(sizes.map(Number).every((size) => size > 0)).toBe(true)

    await expect(openRedis({ addresses: addresses.slice(0, 1) })).rejects.toThrow(
      /^redis\.addrs names one node of a cluster/,
    )
  })

  it('of which a part is frozen fails soon, and works again once it is back', async () => {
    const servers = await useRedisCluster(cleanup)
    const { back, changes, onChange } = watch()
    const options = { addresses: servers.map((it) => it.address), answerMs: 300 }
    const redis = await openRedis(options, { pauseMs: 50, onChange })
    cleanup.add(redis.close)
    const setAll = () =>
      Promise.all([...'abcdefgh'].map((name) => redis.set(`kura:${name}`, name, 60_000)))
    await setAll()

    servers[0]?.freeze()
    const since = performance.now()
    await expect(setAll()).rejects.toThrow('redis is not available')
    expect(performance.now() - since).toBeLessThan(2_000)
    expect(changes[0]).toMatchObject({ available: false })
    servers[0]?.thaw()
    await back
    const works = async (): Promise<void> => setAll().then(() => {}, works)
    await works()
  })
})

/** Leads each new connection to the server that `target` names then, as a name or a proxy does. */
async function startProxy(cleanup: Cleanup, target: () => number) {
  const proxy = createServer((socket) => {
    const onward = connect(target(), '127.0.0.1')
    pipeline(socket, onward, socket, () => {})
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  cleanup.add(async () => proxy.close())
  return { host: '127.0.0.1', port: (proxy.address() as AddressInfo).port }
}

describeWith(['redis-server'], 'a single server', () => {
  const cleanup = useCleanup()

  it('whose address leads to a new master is found there, though the old one lives on', async () => {
    const [before, after] = [await useRedis(cleanup), await useRedis(cleanup)]
    let target = before.port
    const address = await startProxy(cleanup, () => target)
    const { back, onChange } = watch()
    const redis = await openRedis({ addresses: [address] }, { pauseMs: 50, onChange })
    cleanup.add(redis.close)
    await before.command('replicaof', '127.0.0.1', `${after.port}`)
    target = after.port
    await expect(redis.set('kura:x', 'y', 60_000)).rejects.toThrow('READONLY')
    await back
    await redis.set('kura:x', 'there', 60_000)
    expect(await after.command('get', 'kura:x')).toBe('there\n')
  })

  it('whose address leads elsewhere is found there, though the old one just falls silent', async () => {
    const [before, after] = [await useRedis(cleanup), await useRedis(cleanup)]
    let target = before.port
    const address = await startProxy(cleanup, () => target)
    const { back, onChange } = watch()
    const options = { addresses: [address], answerMs: 200 }
    const redis = await openRedis(options, { pauseMs: 50, onChange })
    cleanup.add(redis.close)
    before.freeze()
    target = after.port
    await expect(redis.set('kura:x', 'y', 60_000)).rejects.toThrow('redis is not available')
    await back
    await redis.set('kura:x', 'there', 60_000)
    expect(await after.command('get', 'kura:x')).toBe('there\n')
  })

  it('that is a replica is named at the start', async () => {
    const master = await useRedis(cleanup)
    const replica = await useRedis(cleanup, {
      args: ['--replicaof', '127.0.0.1', `${master.port}`],
    })
    await expect(openRedis({ addresses: [replica.address] })).rejects.toThrow(
      /^redis\.addrs names a replica, which takes no writes: name its master/,
    )
  })
})
