/** The log while Redis is in trouble: lines of kura, and nothing of the library's own. */
import { expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { useRedis, useRedisCluster, useSentinel } from '../support/redis.ts'

describeWith(['redis-server', 'redis-sentinel'], 'the log of a kura', () => {
  const cleanup = useCleanup()

  /** Debug shows what would have gone to the console, so that there is something to wait for. */
  async function start(redis: object) {
    const kura = await startKura({
      env: {
        REGISTRY_REDIS: JSON.stringify(redis),
        REGISTRY_KURA_PROCESSES: '1',
        REGISTRY_LOG_LEVEL: 'debug',
      },
    })
    cleanup.add(kura.stop)
    const written = kura.output().length
    const push = () => send('POST', `${kura.url}/v2/a/blobs/uploads/`)
    /** Only a call that fails tells that Redis is away. */
    async function untilMissed() {
      while (!kura.output().includes('redis is not available')) await push()
    }
    const foreign = () =>
      kura
        .output()
        .slice(written)
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('time="'))
    return { kura, push, untilMissed, foreign }
  }

  it('with a password that the server does not ask for is without a word of its client', async () => {
    const server = await useRedis(cleanup)
    const addrs = [`127.0.0.1:${server.port}`]
    const { kura, push, foreign } = await start({ addrs, password: 'secret', protocol: 2 })
    await kura.said(/level=debug msg="a library says: .*does not require a password/)
    await push()
    expect(kura.output()).not.toMatch(/^\[?(?:WARN|ioredis)/m)
    expect(foreign()).toEqual([])
  })

  it('whose account may not ask for INFO, and whose server is killed, is without a word of its client', async () => {
    const user = ['--user', 'kura', 'on', '>secret', '~*', '&*', '+@all', '-info']
    const server = await useRedis(cleanup, { args: user })
    const addrs = [`127.0.0.1:${server.port}`]
    const account = { username: 'kura', password: 'secret' }
    const { kura, untilMissed, foreign } = await start({ addrs, ...account })
    await kura.said(/level=debug msg="a library says: Skipping the ready check/)
    await server.destroy()
    await untilMissed()
    expect(kura.output()).not.toMatch(/^Skipping/m)
    expect(foreign()).toEqual([])
  })

  it('whose sentinel and master are killed has no stacks of its client', async () => {
    const { master, sentinel, address } = await useSentinel(cleanup)
    const addrs = [`${address.host}:${address.port}`]
    const { kura, untilMissed, foreign } = await start({ addrs, mastername: 'main' })
    await sentinel.killAll()
    await kura.said(/level=debug msg="a library says: \[ioredis\] Unhandled error event/)
    await master.destroy()
    await untilMissed()
    expect(foreign()).toEqual([])
  })

  it('whose cluster loses a master has no stacks of its client', async () => {
    const servers = await useRedisCluster(cleanup)
    const addrs = servers.map(({ port }) => `127.0.0.1:${port}`)
    const { untilMissed, foreign } = await start({ addrs })
    await servers[1]?.destroy()
    await untilMissed()
    expect(foreign()).toEqual([])
  })
})
