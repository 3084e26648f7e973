/**
 * How many wrong passwords hold, with the real processes of one machine and of two; and that nobody
 * else is held up by them.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { hashSync } from 'bcryptjs'
import { as } from '../protocol/support/people.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { useRedis } from '../support/redis.ts'

const cleanup = useCleanup()
const people = Array.from({ length: 8 }, (_, n) => `user${n}`)

/** Two processes that believe what this machine says of where a request comes from. */
async function start(env: NodeJS.ProcessEnv = {}) {
  const file = join(await cleanup.folder(), 'htpasswd')
  const lines = ['ann', 'bob', ...people].map((name) => `${name}:${hashSync(name + name, 6)}\n`)
  await writeFile(file, lines.join(''))
  const kura = await startKura({
    env: {
      REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'r', path: file } }),
      REGISTRY_KURA_PROCESSES: '2',
      REGISTRY_KURA_TRUSTEDPROXIES: '[127.0.0.1]',
      ...env,
    },
  })
  cleanup.add(kura.stop)
  return kura
}

let guesses = 0

/** Each on a connection of its own, which the processes get in turn. */
type Sent = { password?: string; signal?: AbortSignal }

async function login(kura: Kura, name: string, from: string, { password, signal }: Sent = {}) {
  const wrong = `wrong ${guesses++}`
  const { status } = await fetch(`${kura.url}/v2/`, {
    headers: { ...as(name, password ?? wrong), connection: 'close', 'x-forwarded-for': from },
    ...(signal && { signal }),
  })
  return status
}
const rightly = (kura: Kura, name: string, from: string) =>
  login(kura, name, from, { password: name + name })

async function guessUntilDelayed(kuras: Kura[], name: string, from: string) {
  for (let count = 0; count < 100; count += 1) {
    const kura = kuras[count % kuras.length] as Kura
    if ((await login(kura, name, from)) === 429) return count
  }
  return 'never'
}

describe('the processes of a machine', () => {
  let kura: Kura
  beforeAll(async () => {
    kura = await start()
  })

  it('compare ten wrong passwords of a user at an address, together', async () => {
    expect(await guessUntilDelayed([kura], 'ann', '192.0.2.1')).toBe(10)
  })

  it('let in others at that address, and that user elsewhere, all the same', async () => {
    expect(await login(kura, 'ann', '192.0.2.1')).toBe(429)
    expect(await rightly(kura, 'bob', '192.0.2.1')).toBe(200)
    expect(await rightly(kura, 'ann', '192.0.2.2')).toBe(200)
    // It was right elsewhere alone, so where the guesses came from it is a guess like any other.
    expect(await rightly(kura, 'ann', '192.0.2.1')).toBe(429)
    expect(await login(kura, 'ann', '192.0.2.1')).not.toBe(200)
  })

  it('compare no more of them when all come at once', async () => {
    const all = Array.from({ length: 40 }, () => login(kura, 'eve', '192.0.2.3'))
    const statuses = await Promise.all(all)
    expect(statuses.filter((status) => status === 401)).toHaveLength(10)
  })

  it('let eight people in while ninety addresses guess', async () => {
    const over = new AbortController()
    const { signal } = over
    const flood = Array.from({ length: 90 * 12 }, (_, n) =>
      login(kura, `guess${n % 40}`, `198.51.100.${n % 90}`, { signal }),
    )
    const right = people.map((name, n) => rightly(kura, name, `203.0.113.${n % 4}`))
    expect(await Promise.all(right)).toEqual(Array(8).fill(200))
    over.abort()
    await Promise.allSettled(flood)
  })
})

describeWith(['redis-server'], 'two machines beside a Redis', () => {
  let kuras: Kura[]
  beforeAll(async () => {
    const server = await useRedis(cleanup)
    const env = { REGISTRY_REDIS_ADDR: `127.0.0.1:${server.port}` }
    kuras = [await start(env), await start(env)]
  })

  it('compare ten wrong passwords of a user at an address, together', async () => {
    expect(await guessUntilDelayed(kuras, 'ann', '192.0.2.1')).toBe(10)
    for (const kura of kuras) {
      expect(await login(kura, 'ann', '192.0.2.1')).toBe(429)
      expect(await rightly(kura, 'bob', '192.0.2.1')).toBe(200)
    }
  })
})
