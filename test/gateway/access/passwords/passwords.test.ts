import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { hashSync } from 'bcryptjs'
import { createGuesses } from '../../../../gateway/access/attempts/guesses.ts'
import { LoginDelayed } from '../../../../gateway/access/login-errors.ts'
import { nobodysHash } from '../../../../gateway/access/passwords/bcrypt-limits.ts'
import { createBcryptPool } from '../../../../gateway/access/passwords/bcrypt-pool.ts'
import type { Question } from '../../../../gateway/access/passwords/bcrypt-worker.ts'
import { openHtpasswd } from '../../../../gateway/access/passwords/htpasswd.ts'
import {
  createPasswords,
  type PasswordParts,
} from '../../../../gateway/access/passwords/passwords.ts'
import { createLog } from '../../../../gateway/log/log.ts'
import { useCleanup } from '../../../support/cleanup.ts'

const cleanup = useCleanup()
const here = '192.0.2.1'
const there = '192.0.2.2'

/** Users by name and password at the lowest cost, and a count of the comparisons. */
async function setUp(
  users: Record<string, string>,
  options: Partial<PasswordParts> = {},
  more = '',
) {
  let time = 1
  const now = () => time
  const path = join(await cleanup.folder(), 'htpasswd')
  const reread = new EventTarget()
  const write = (line: string) =>
    void (line.includes('read again') && reread.dispatchEvent(new Event('reread')))
  const log = createLog(
    { level: 'info', formatter: 'json', fields: {}, reportcaller: false },
    { write },
  )
  await save(users)
  const htpasswd = await openHtpasswd({ path, log, pollMs: 2 })
  const pool = createBcryptPool()
  const compared: Question[] = []
  const counted = {
    ...pool,
    compare(question: Question) {
      compared.push(question)
      return pool.compare(question)
    },
  }
  const guesses = createGuesses({ now })
  const secret = 'that of a test'
  const own = { htpasswd, pool: counted, guesses, secret, now }
  const passwords = createPasswords({ ...own, ...options })
  cleanup.add(() => passwords.close())

  async function save(users: Record<string, string>) {
    const lines = Object.entries(users).map(([name, it]) => `${name}:${hashSync(it, 4)}\n`)
    await writeFile(path, lines.join('') + more)
  }

  return {
    ...passwords,
    compared,
    pass: (ms: number) => {
      time += ms
    },
    async change(users: Record<string, string>) {
      const seen = new Promise((resolve) => reread.addEventListener('reread', resolve))
      await save(users)
      await seen
    },
  }
}

const ann = { name: 'ann', groups: [], method: 'htpasswd' }

describe('a password', () => {
  const rows: [name: string, password: string, identity: object | undefined][] = [
    ['ann', 'secret', ann],
    ['ann', 'Secret', undefined],
    ['ann', '', undefined],
    ['Ann', 'secret', undefined],
    ['bob', 'secret', undefined],
    ['', 'secret', undefined],
    ['__proto__', 'secret', undefined],
  ]
  it.each(rows)('of %j that is %j makes %j', async (name, password, identity) => {
    const { check } = await setUp({ ann: 'secret' })
    expect(await check(name, password, here)).toEqual(identity)
  })

  it('that is right is compared once in its time', async () => {
    const { check, compared, pass } = await setUp({ ann: 'secret' })
    await check('ann', 'secret', here)
    pass(299_000)
    expect(await check('ann', 'secret', there)).toEqual(ann)
    expect(compared).toHaveLength(1)
    pass(2_000)
    expect(await check('ann', 'secret', here)).toEqual(ann)
    expect(compared).toHaveLength(2)
  })

  it('that is wrong is compared once in its time, and counted once', async () => {
    const { check, compared, pass } = await setUp({ ann: 'secret' })
    for (let n = 0; n < 50; n += 1) expect(await check('ann', 'wrong', here)).toBeUndefined()
    expect(compared).toHaveLength(1)
    expect(await check('ann', 'secret', here)).toEqual(ann)
    pass(3_601_000)
    await check('ann', 'wrong', here)
    expect(compared).toHaveLength(3)
  })

  it('that is longer than bcrypt reads is right as far as it reads', async () => {
    const { check } = await setUp({ ann: 'a'.repeat(80) })
    expect(await check('ann', 'a'.repeat(71), here)).toBeUndefined()
    expect(await check('ann', 'a'.repeat(80), here)).toEqual(ann)
    expect(await check('ann', 'a'.repeat(72), here)).toEqual(ann)
  })

  it('is compared as dearly as any for a cheap hash and for a name that nobody has', async () => {
    const { check, compared } = await setUp({ ann: 'secret' }, {}, `bob:${nobodysHash(6)}\n`)
    for (const name of ['ann', 'bob', 'eve']) await check(name, 'wrong', here)
    const costs = compared.map(({ hash, dearest }) => [hash.slice(4, 6), dearest])
    expect(costs).toEqual([
      ['04', 6],
      ['06', 6],
      ['06', 6],
    ])
  })
})

describe('a comparison that comes out well', () => {
  const close = async () => {}

  it('is of no use for a name that nobody has', async () => {
    const { check } = await setUp({ ann: 'secret' }, { pool: { compare: async () => true, close } })
    expect(await check('bob', 'secret', here)).toBeUndefined()
    expect(await check('ann', 'secret', here)).toEqual(ann)
  })

  it('is of no use when the user was removed meanwhile', async () => {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const { check, change } = await setUp(
      { ann: 'secret' },
      { pool: { compare: () => promise, close } },
    )
    const asked = check('ann', 'secret', here)
    await change({})
    resolve(true)
    expect(await asked).toBeUndefined()
  })
})

describe('a change of the file', () => {
  it('puts a removed user and an old password out at once', async () => {
    const { check, change } = await setUp({ ann: 'secret', bob: 'hidden' })
    expect(await check('ann', 'secret', here)).toEqual(ann)
    expect(await check('bob', 'hidden', here)).toBeDefined()
    await change({ ann: 'changed' })
    expect(await check('ann', 'secret', here)).toBeUndefined()
    expect(await check('bob', 'hidden', here)).toBeUndefined()
    expect(await check('ann', 'changed', here)).toEqual(ann)
  })

  it('lets in at once who was refused before it', async () => {
    const { check, change } = await setUp({ ann: 'secret' })
    expect(await check('bob', 'hidden', here)).toBeUndefined()
    await change({ ann: 'secret', bob: 'hidden' })
    expect(await check('bob', 'hidden', here)).toBeDefined()
  })
})

describe('many checks', () => {
  it('of one right password at once are one comparison', async () => {
    const { check, compared } = await setUp({ ann: 'secret' })
    const asked = Array.from({ length: 50 }, () => check('ann', 'secret', here))
    expect(await Promise.all(asked)).toEqual(Array(50).fill(ann))
    expect(compared).toHaveLength(1)
  })

  it('of wrong passwords are delayed, and nobody but their user at their address', async () => {
    const { check, compared, pass } = await setUp({ ann: 'secret', bob: 'hidden' })
    for (let n = 0; n < 10; n += 1) await check('ann', `guess${n}`, here)
    await expect(check('ann', 'guess', here)).rejects.toMatchObject({ seconds: 6 })
    // The right one is a guess like any other as long as nobody saw that it is right.
    await expect(check('ann', 'secret', here)).rejects.toThrow(LoginDelayed)
    expect(compared).toHaveLength(10)
    expect(await check('bob', 'hidden', here)).toBeDefined()
    expect(await check('ann', 'secret', there)).toEqual(ann)
    // A login from `there` does not open `here`, and a known password is not compared again elsewhere.
    await expect(check('ann', 'secret', here)).rejects.toThrow(LoginDelayed)
    expect(await check('ann', 'secret', '192.0.2.3')).toEqual(ann)
    expect(compared).toHaveLength(12)
    pass(400_000)
    expect(await check('ann', 'secret', here)).toEqual(ann)
    for (let n = 10; n < 20; n += 1) await check('ann', `guess${n}`, here).catch(() => {})
    await expect(check('ann', 'guess', here)).rejects.toThrow(LoginDelayed)
    expect(await check('ann', 'secret', here)).toEqual(ann)
  })

  it('that find no room in the line count as no failure', async () => {
    const { check, compared } = await setUp({ ann: 'secret' }, { mostWaiting: 0 })
    await expect(check('ann', 'guess', here)).rejects.toThrow('too many logins at once')
    expect(compared).toEqual([])
  })

  it('of one user at once are compared as far as failures are left, and none too many', async () => {
    const { check, compared } = await setUp({ ann: 'secret' })
    const asked = Array.from({ length: 40 }, (_, n) => check('ann', `guess${n}`, here))
    const ends = await Promise.allSettled(asked)
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect(compared).toHaveLength(10)
  })

  it('remember only so much', async () => {
    const { check, compared } = await setUp({ ann: 'secret', bob: 'hidden' }, { most: 1 })
    for (const _ of [1, 2]) {
      await check('ann', 'secret', here)
      await check('bob', 'hidden', here)
    }
    expect(compared).toHaveLength(4)
  })

  it('of wrong passwords do not make a right one forgotten', async () => {
    const { check, compared } = await setUp({ ann: 'secret' }, { most: 2 })
    await check('ann', 'secret', here)
    for (let n = 0; n < 5; n += 1) await check('bob', `guess${n}`, there)
    await check('ann', 'secret', here)
    expect(compared).toHaveLength(6)
  })
})
