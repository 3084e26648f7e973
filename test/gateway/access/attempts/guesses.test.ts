import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import {
  createGuesses,
  type Guess,
  type Guesses,
  type Outcome,
} from '../../../../gateway/access/attempts/guesses.ts'
import { createRedisGuesses } from '../../../../gateway/access/attempts/guesses-redis.ts'
import { openRedis, type Redis } from '../../../../registry/redis/open.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { describeWith } from '../../../support/programs.ts'
import { useRedis } from '../../../support/redis.ts'

const rules = {
  pair: { free: 3, forgiveMs: 60_000, firstDelayMs: 4_000, longestDelayMs: 60_000 },
  user: { free: 8, forgiveMs: 6_000, firstDelayMs: 5_000, longestDelayMs: 5_000 },
  network: { free: 8, forgiveMs: 6_000, firstDelayMs: 2_000, longestDelayMs: 2_000 },
}

const day = 86_400_000

type Make = (now: () => number) => Guesses
let passwords = 0

function setUp(make: Make) {
  let time = 1_000_000_000
  const guesses = make(() => time)
  // Tests share a Redis.
  const run = `${Math.random()}`
  const guessOf = (user: string, network: string, password = `${passwords++}`): Guess => ({
    secret: `${run} ${user} ${password}`,
    user: `${run} ${user}`,
    network: network && `${run} ${network}`,
    pair: `${run} ${user} ${network}`,
  })
  async function attempt(guess: Guess, outcome: Outcome): Promise<number | string> {
    const answer = await guesses.begin(guess)
    if (answer.say === 'wait') return answer.ms
    if (answer.say === 'go') await guesses.end(guess, outcome)
    return answer.say
  }
  return {
    guesses,
    guessOf,
    pass: (ms: number) => {
      time += ms
    },
    attempt,
    wrong: (user: string, network: string) => attempt(guessOf(user, network), 'wrong'),
    right: (user: string, network: string, password = 'right') =>
      attempt(guessOf(user, network, password), 'right'),
  }
}

function behave(make: Make) {
  it('of a user at an address cost a delay that grows, up to a limit', async () => {
    const it = setUp(make)
    const waits: (number | string)[] = []
    while (waits.length < 9) {
      const said = await it.wrong('ann', 'here')
      if (typeof said === 'number') it.pass(said)
      if (said !== 'go') expect(await it.wrong('ann', 'here')).toBe('go')
      waits.push(said)
    }
    expect(waits).toEqual(['go', 'go', 'go', 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  })

  it('count for a password that was right only elsewhere, and not for one that was right there', async () => {
    const it = setUp(make)
    expect(await it.right('ann', 'home')).toBe('go')
    for (let n = 0; n < 3; n += 1) {
      await it.wrong('ann', 'away')
      await it.wrong('ann', 'home')
    }
    expect(await it.right('ann', 'away')).toBe(4_000)
    expect(await it.right('ann', 'home')).toBe('go')
    expect(await it.right('ann', 'third')).toBe('go')
  })

  it('of one user do not hold up another at that address', async () => {
    const it = setUp(make)
    for (let n = 0; n < 4; n += 1) await it.wrong('ann', 'here')
    expect(await it.wrong('ann', 'here')).toBe(4_000)
    expect(await it.right('bob', 'here')).toBe('go')
    expect(await it.right('ann', 'there')).toBe('go')
  })

  it('of a user from everywhere hold up those addresses only where nobody was right', async () => {
    const it = setUp(make)
    await it.right('ann', 'home')
    await it.right('bob', 'office')
    for (let n = 0; n < 8; n += 1) expect(await it.wrong('ann', `there${n}`)).toBe('go')
    expect(await it.wrong('ann', 'elsewhere')).toBe(5_000)
    expect(await it.wrong('ann', 'home')).toBe('go')
    expect(await it.right('ann', 'office', 'another')).toBe('go')
    it.pass(5_000)
    expect(await it.wrong('ann', 'elsewhere')).toBe('go')
    expect(await it.wrong('ann', 'yet elsewhere')).toBe(5_000)
  })

  it('of an address with many users hold up only users who were never right there', async () => {
    const it = setUp(make)
    await it.right('bob', 'here')
    for (let n = 0; n < 8; n += 1) expect(await it.wrong(`user${n}`, 'here')).toBe('go')
    expect(await it.right('cat', 'here')).toBe(2_000)
    expect(await it.wrong('bob', 'here')).toBe('go')
    expect(await it.right('cat', 'there')).toBe('go')
  })

  it('are forgiven one by one, and only after a delay is over', async () => {
    const it = setUp(make)
    for (let n = 0; n < 10; n += 1) {
      expect(await it.wrong('bob', 'here')).toBe('go')
      it.pass(60_000)
    }
    for (let n = 0; n < 3; n += 1) await it.wrong('ann', 'here')
    it.pass(4_000)
    expect(await it.wrong('ann', 'here')).toBe('go')
    expect(await it.wrong('ann', 'here')).toBe(8_000)
  })

  it('are forgotten when the user is right there, and after a long rest', async () => {
    const it = setUp(make)
    for (const _ of [1, 2]) {
      expect(await it.wrong('ann', 'here')).toBe('go')
      expect(await it.wrong('ann', 'here')).toBe('go')
      expect(await it.right('ann', 'here', `${Math.random()}`)).toBe('go')
    }
  })

  it('are counted once for a password that is repeated', async () => {
    const it = setUp(make)
    const guess = it.guessOf('ann', 'here', 'old')
    expect(await it.attempt(guess, 'wrong')).toBe('go')
    for (let n = 0; n < 9; n += 1) expect(await it.attempt(guess, 'wrong')).toBe('wrong')
    expect(await it.right('ann', 'here')).toBe('go')
  })

  it('of guesses that run at the same time are never more than are left', async () => {
    const it = setUp(make)
    await it.wrong('ann', 'here')
    const [one, two] = [it.guessOf('ann', 'here'), it.guessOf('ann', 'here')]
    expect([await it.guesses.begin(one), await it.guesses.begin(two)]).toEqual([
      { say: 'go' },
      { say: 'go' },
    ])
    expect(await it.wrong('ann', 'here')).toBe('busy')
    await it.guesses.end(one, 'unknown')
    expect(await it.wrong('ann', 'here')).toBe('go')
    expect(await it.wrong('ann', 'here')).toBe('busy')
    // The process that compares the other one dies.
    it.pass(60_001)
    expect(await it.wrong('ann', 'here')).toBe('go')
  })

  it('without an address count for the user at all such', async () => {
    const it = setUp(make)
    for (let n = 0; n < 20; n += 1) expect(await it.wrong(`user${n}`, '')).toBe('go')
    for (let n = 0; n < 3; n += 1) await it.wrong('ann', '')
    expect(await it.wrong('ann', '')).toBe(4_000)
  })
}

describe('failed logins in the memory of a process', () => {
  behave((now) => createGuesses({ rules, now }))

  it('are remembered of so many only', async () => {
    const it = setUp((now) => createGuesses({ rules, now, most: 2 }))
    for (let n = 0; n < 3; n += 1) await it.wrong('ann', 'here')
    for (const user of ['bob', 'cat']) await it.wrong(user, 'there')
    expect(await it.wrong('ann', 'here')).toBe('go')
  })

  it('are forgotten after a day, as is who was right', async () => {
    const it = setUp((now) => createGuesses({ rules, now }))
    await it.right('ann', 'there')
    it.pass(day + 1)
    for (let n = 0; n < 3; n += 1) await it.wrong('ann', 'here')
    expect(await it.right('ann', 'here')).toBe(4_000)
  })
})

describeWith(['redis-server'], 'failed logins in Redis', () => {
  const cleanup = useCleanup()
  let redis: Redis
  beforeAll(async () => {
    const server = await useRedis(cleanup)
    redis = await openRedis({ addresses: [server.address] })
  })
  afterAll(() => redis.close())

  const unused: Guesses = {
    begin: () => Promise.reject(new Error('Redis was to answer')),
    end: async () => {},
  }
  behave((now) =>
    createRedisGuesses({ run: (script) => redis.run(script), fallback: unused, rules, now }),
  )

  it('are what this machine knows while Redis is away', async () => {
    const away = () => Promise.reject(new Error('away'))
    const it = setUp((now) =>
      createRedisGuesses({ run: away, fallback: createGuesses({ rules, now }), rules }),
    )
    for (let n = 0; n < 3; n += 1) expect(await it.wrong('ann', 'here')).toBe('go')
    expect(await it.wrong('ann', 'here')).toBe(4_000)
  })

  it('leave nothing there that does not end by itself', async () => {
    const server = await redis.run({
      lua: `local kept = {}
        for _, key in ipairs(redis.call('keys', 'kura:{logins}:*')) do
          if redis.call('pttl', key) < 0 then kept[#kept + 1] = key end
        end
        return kept`,
      keys: [],
      args: [],
    })
    expect(server).toEqual([])
  })
})
