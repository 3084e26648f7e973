import { describe, expect, it } from '@jest/globals'
import {
  type AttemptOptions,
  createAttempts,
  networkOf,
  type Outcome,
} from '../../../gateway/access/attempts.ts'
import { LoginDelayed } from '../../../gateway/access/passwords-delayed.ts'

const here = '192.0.2.1'
const there = '192.0.2.2'

function setUp(options: AttemptOptions = {}) {
  // Not at zero, which the table takes for no time at all.
  let time = 1
  const attempts = createAttempts({
    free: 3,
    forgiveMs: 6_000,
    firstDelayMs: 4_000,
    longestAddressDelayMs: 60_000,
    longestUserDelayMs: 10_000,
    ...options,
    now: () => time,
  })
  return {
    attempts,
    pass: (ms: number) => {
      time += ms
    },
    /** Answers 0 for a try that took place, or the seconds it was told to wait. */
    attempt(name: string, address: string, outcome: Outcome): number {
      try {
        attempts.begin(name, address)(outcome)
        return 0
      } catch (error) {
        if (error instanceof LoginDelayed) return error.seconds
        throw error
      }
    },
  }
}

type Setting = ReturnType<typeof setUp>

/** One failure after the other, each as soon as it may be; answers the waits. */
function guess({ attempt, pass }: Setting, count: number, next: () => [string, string]): number[] {
  const waits: number[] = []
  while (waits.length < count) {
    const [name, address] = next()
    const seconds = attempt(name, address, 'wrong')
    if (seconds > 0) {
      pass(seconds * 1000)
      expect(attempt(name, address, 'wrong')).toBe(0)
    }
    waits.push(seconds)
  }
  return waits
}

describe('failed logins', () => {
  it('cost an address a delay that grows, up to a limit', () => {
    let user = 0
    const waits = guess(setUp(), 10, () => [`user${user++}`, here])
    expect(waits).toEqual([0, 0, 0, 4, 8, 16, 32, 60, 60, 60])
  })

  it('cost a user a delay that grows, up to a lower limit', () => {
    let host = 0
    const waits = guess(setUp(), 8, () => ['ann', `192.0.2.${++host}`])
    expect(waits).toEqual([0, 0, 0, 4, 8, 10, 10, 10])
  })

  it('are forgiven one by one', () => {
    const it = setUp()
    for (let n = 0; n < 20; n += 1) {
      expect(it.attempt(`user${n}`, here, 'wrong')).toBe(0)
      it.pass(6_000)
    }
  })

  it('are forgiven only after a delay is over', () => {
    const it = setUp()
    for (let n = 0; n < 3; n += 1) it.attempt(`user${n}`, here, 'wrong')
    it.pass(4_000)
    expect(it.attempt('other', here, 'wrong')).toBe(0)
    expect(it.attempt('other', here, 'wrong')).toBe(8)
  })

  it('are all forgotten after a long rest', () => {
    const it = setUp()
    guess(it, 8, () => ['ann', here])
    it.pass(2 * 3_600_000)
    expect(guess(it, 4, () => ['ann', here])).toEqual([0, 0, 0, 4])
  })

  it('of a user are forgotten when the user is right', () => {
    const it = setUp()
    it.attempt('ann', '192.0.2.11', 'wrong')
    it.attempt('ann', '192.0.2.12', 'wrong')
    it.attempt('ann', '192.0.2.13', 'right')
    it.attempt('ann', '192.0.2.14', 'wrong')
    it.attempt('ann', '192.0.2.15', 'wrong')
    expect(it.attempt('ann', '192.0.2.16', 'right')).toBe(0)
  })

  it('of an address are not forgotten when one of its users is right', () => {
    const it = setUp()
    it.attempt('bob', here, 'wrong')
    it.attempt('bob', here, 'wrong')
    it.attempt('ann', here, 'right')
    it.attempt('bob', here, 'wrong')
    expect(it.attempt('bob', here, 'wrong')).toBe(4)
  })

  it('of others do not hold up a user where that user was right before', () => {
    const it = setUp()
    it.attempt('ann', there, 'right')
    let host = 10
    guess(it, 6, () => ['ann', `192.0.2.${++host}`])
    expect(it.attempt('ann', '192.0.2.99', 'right')).toBeGreaterThan(0)
    expect(it.attempt('ann', there, 'right')).toBe(0)
  })

  it('at one address do not hold up other addresses', () => {
    const it = setUp()
    let user = 0
    guess(it, 6, () => [`user${user++}`, here])
    expect(it.attempt('ann', here, 'right')).toBeGreaterThan(0)
    expect(it.attempt('ann', there, 'right')).toBe(0)
  })

  it('that came to no end do not count', () => {
    const it = setUp()
    for (let n = 0; n < 20; n += 1) expect(it.attempt('ann', here, 'unknown')).toBe(0)
  })

  it('without an address count for the user alone', () => {
    const it = setUp()
    for (let n = 0; n < 20; n += 1) expect(it.attempt(`user${n}`, '', 'wrong')).toBe(0)
    expect(guess(it, 4, () => ['ann', ''])).toEqual([0, 0, 0, 4])
  })
})

describe('many at once', () => {
  it('may try from an address without failures', () => {
    const { attempts } = setUp()
    for (let n = 0; n < 50; n += 1) attempts.begin(`user${n}`, here)
  })

  it('may not where there were failures', () => {
    const { attempts, attempt } = setUp()
    attempt('bob', here, 'wrong')
    attempts.begin('user1', here)
    const settle = attempts.begin('user2', here)
    expect(attempt('user3', here, 'right')).toBe(1)
    settle('right')
    expect(attempt('user3', here, 'right')).toBe(0)
  })

  it('that all fail make one delay', () => {
    const { attempts, attempt, pass } = setUp()
    const settles = Array.from({ length: 50 }, (_, n) => attempts.begin(`user${n}`, here))
    for (const settle of settles) settle('wrong')
    expect(attempt('ann', here, 'right')).toBe(4)
    pass(4_000)
    expect(attempt('ann', here, 'right')).toBe(0)
  })
})

it('remembers only so many addresses', () => {
  const it = setUp({ most: 2 })
  guess(it, 4, () => ['ann', here])
  for (const host of [11, 12]) it.attempt(`user${host}`, `192.0.2.${host}`, 'wrong')
  expect(it.attempt('bob', here, 'wrong')).toBe(0)
})

describe('an address counts as', () => {
  const rows: [address: string, network: string][] = [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['2001:0db8:0001:0002::', '2001:db8:1:2::/64'],
    ['2001::1:2:3:4:5', '2001:0:0:1::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['1:2:3::5:6:192.0.2.1', '1:2:3:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['', ''],
  ]
  it.each(rows)('%j: %j', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})
