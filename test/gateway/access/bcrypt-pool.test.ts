import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import { fitsBcrypt, nobodysHash } from '../../../gateway/access/bcrypt-limits.ts'
import { type BcryptPoolOptions, createBcryptPool } from '../../../gateway/access/bcrypt-pool.ts'
import { LoginDelayed } from '../../../gateway/access/passwords-delayed.ts'
import { useCleanup } from '../../support/cleanup.ts'

const cleanup = useCleanup()

function open(options: BcryptPoolOptions = {}) {
  const pool = createBcryptPool(options)
  cleanup.add(() => pool.close())
  return pool
}

/** A thread that does as the password says. */
async function obedient(): Promise<URL> {
  const path = join(await cleanup.folder(), 'obedient.mjs')
  await writeFile(
    path,
    `import { parentPort } from 'node:worker_threads'
    const orders = {
      die: () => { throw new Error('as told') },
      exit: () => process.exit(3),
      hang: () => {},
    }
    parentPort.on('message', ({ password }) => (orders[password] ?? answer)())
    const answer = () => parentPort.postMessage(true)`,
  )
  return pathToFileURL(path)
}

const secret = '$2b$04$AAAAAAAAAAAAAAAAAAAAA.'

describe('a comparison', () => {
  // The first three lines were written by Apache's htpasswd -B; the next two are known vectors.
  const rows: [password: string, hash: string, matches: boolean][] = [
    ['correct horse', '$2y$05$6juziEJjYvQaR1cIz3LyEucjmQOOWSaqTS9aJFpuLOq8IhphgUn0C', true],
    ['correct  horse', '$2y$05$6juziEJjYvQaR1cIz3LyEucjmQOOWSaqTS9aJFpuLOq8IhphgUn0C', false],
    ['pässwörd', '$2y$10$IEmgR5wE66JRZNFDdKBuW.PWWKCroaGjUVML6oRP4uYaDmG0q/85u', true],
    ['U*U', '$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', true],
    ['U*U', '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', true],
    ['', nobodysHash(4), false],
    ['.', nobodysHash(4), false],
  ]
  it.each(rows)('of %j with %s: %s', async (password, hash, matches) => {
    expect(await open().compare(password, hash)).toBe(matches)
  })

  it('does not cut a long password short', async () => {
    const pool = open()
    const { hashSync } = await import('bcryptjs')
    const whole = 'ä'.repeat(36)
    const hash = hashSync(whole, secret)
    expect(fitsBcrypt(whole)).toBe(true)
    expect(await pool.compare(whole, hash)).toBe(true)
    expect(await pool.compare(`${whole}x`, hash)).toBe(false)
  })
})

describe('the pool', () => {
  it('turns away what does not fit in the line, and goes on with the rest', async () => {
    const pool = open({ mostWaiting: 3 })
    const asked = Array.from({ length: 6 }, () => pool.compare('x', nobodysHash(4)))
    const answers = await Promise.allSettled(asked)
    expect(answers.map(({ status }) => status)).toEqual([
      ...Array(4).fill('fulfilled'),
      ...Array(2).fill('rejected'),
    ])
    const error = (answers[5] as PromiseRejectedResult).reason
    expect(error).toBeInstanceOf(LoginDelayed)
    expect(error.seconds).toBeGreaterThan(0)
    expect(await pool.compare('x', nobodysHash(4))).toBe(false)
  })

  it.each(['die', 'exit'])(
    'replaces a thread that is told to %s, and loses one job',
    async (way) => {
      const pool = open({ program: await obedient() })
      const answers = await Promise.allSettled([
        pool.compare('one', ''),
        pool.compare(way, ''),
        pool.compare('three', ''),
      ])
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(String((answers[1] as PromiseRejectedResult).reason)).toMatch(/a thread .* died/)
    },
  )

  it('works in as many threads as it is told to', async () => {
    const pool = open({ threads: 2, program: await obedient() })
    const stuck = pool.compare('hang', '')
    expect(await pool.compare('one', '')).toBe(true)
    expect(await pool.compare('two', '')).toBe(true)
    const ended = expect(stuck).rejects.toThrow()
    await pool.close()
    await ended
  })

  it('ends what runs and what waits when it is closed', async () => {
    const pool = open({ program: await obedient() })
    const answers = Promise.allSettled([pool.compare('hang', ''), pool.compare('hang', '')])
    await pool.close()
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(pool.compare('one', '')).rejects.toThrow('no passwords are compared any more')
  })
})
