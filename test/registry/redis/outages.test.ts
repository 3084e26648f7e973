/** During any outage of Redis each caller hears soon, and is served again once it is back. */
import { expect, it } from '@jest/globals'
import type { Availability } from '../../../registry/redis/guard.ts'
import { openRedis } from '../../../registry/redis/open.ts'
import { useCleanup } from '../../support/cleanup.ts'
import { describeWith } from '../../support/programs.ts'
import { type RedisServer, startRedis, useRedis } from '../../support/redis.ts'

const answerMs = 500

type Row = [
  what: string,
  breakIt: (server: RedisServer) => Promise<unknown> | unknown,
  mendIt: (server: RedisServer) => Promise<unknown> | unknown,
  reason: RegExp,
]

const rows: Row[] = [
  [
    'is killed, and started again empty',
    (server) => server.destroy(),
    (server) => startRedis({ port: server.port }),
    /^redis\.addrs: the server (?:went away|cannot be reached)/,
  ],
  [
    'is frozen',
    (server) => server.freeze(),
    (server) => server.thaw(),
    /^redis\.addrs: the server does not answer/,
  ],
  [
    'becomes a replica, which takes no writes',
    (server) => server.command('replicaof', '127.0.0.1', '1'),
    (server) => server.command('replicaof', 'no', 'one'),
    /^redis\.addrs names a replica/,
  ],
  [
    'answers two seconds late',
    (server) => server.command('client', 'pause', '2000'),
    () => {},
    /^redis\.addrs: the server does not answer/,
  ],
  [
    'asks for another password',
    async (server) => {
      await server.command('config', 'set', 'requirepass', 'new')
      await server.command('-a', 'new', 'client', 'kill', 'type', 'normal')
    },
    (server) => server.command('-a', 'new', 'config', 'set', 'requirepass', ''),
    /^redis\.(?:password: the server asks for|addrs: the server went away)/,
  ],
  [
    'is out of memory',
    (server) => server.command('config', 'set', 'maxmemory', '1'),
    (server) => server.command('config', 'set', 'maxmemory', '0'),
    /OOM/,
  ],
]

describeWith(['redis-server'], 'when Redis', () => {
  const cleanup = useCleanup()

  it.each(rows)('%s', async (_what, breakIt, mendIt, reason) => {
    const server = await useRedis(cleanup)
    const changes: Availability[] = []
    const back = Promise.withResolvers<void>()
    const redis = await openRedis(
      { addresses: [server.address], answerMs },
      {
        pauseMs: 20,
        onChange(now) {
          changes.push(now)
          if (now.available) back.resolve()
        },
      },
    )
    cleanup.add(redis.close)
    await redis.set('kura:x', 'before', 60_000)

    await breakIt(server)
    await expect(timed(redis.set('kura:x', 'during', 60_000))).resolves.toBeLessThan(3 * answerMs)
    await expect(timed(redis.get('kura:x'))).resolves.toBeLessThan(answerMs / 2)
    expect(redis.isAvailable()).toBe(false)

    const mended = await mendIt(server)
    if (mended instanceof Object && 'destroy' in mended) {
      cleanup.add((mended as RedisServer).destroy)
    }
    await back.promise
    await redis.set('kura:x', 'after', 60_000)
    expect(await redis.get('kura:x')).toBe('after')
    expect(changes).toEqual([
      { available: false, reason: expect.stringMatching(reason) },
      { available: true },
    ])
  })

  it('forgets its scripts, they are sent again', async () => {
    const server = await useRedis(cleanup)
    const redis = await openRedis({ addresses: [server.address] })
    cleanup.add(redis.close)
    const script = { lua: 'return ARGV[1]', keys: [], args: ['said'] }
    expect(await redis.run(script)).toBe('said')
    await server.command('script', 'flush')
    expect(await redis.run(script)).toBe('said')
  })

  it('is frozen, closing does not wait for it', async () => {
    const server = await useRedis(cleanup)
    const redis = await openRedis({ addresses: [server.address] })
    server.freeze()
    const since = performance.now()
    await redis.close()
    expect(performance.now() - since).toBeLessThan(1_000)
    await expect(redis.get('x')).rejects.toThrow('redis is not available: the connection is closed')
  })

  it('is away, a process that may start without it does, and finds it later', async () => {
    const gone = await startRedis()
    await gone.destroy()
    const back = Promise.withResolvers<Availability>()
    const redis = await openRedis(
      { addresses: [gone.address] },
      { required: false, pauseMs: 20, onChange: (now) => now.available && back.resolve(now) },
    )
    cleanup.add(redis.close)
    expect(redis.isAvailable()).toBe(false)
    await useRedis(cleanup, { port: gone.port })
    await back.promise
    await redis.set('kura:x', 'there', 1_000)
  })
})

/** How long it took until it was refused, in milliseconds. */
async function timed(work: Promise<unknown>): Promise<number> {
  const since = performance.now()
  await expect(work).rejects.toThrow('redis is not available')
  return performance.now() - since
}
