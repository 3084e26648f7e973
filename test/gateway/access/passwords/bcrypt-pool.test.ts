import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from '@jest/globals'
import {
  isReadWhole,
  nobodysHash,
  paddingOf,
} from '../../../../gateway/access/passwords/bcrypt-limits.ts'
import {
  type BcryptPoolOptions,
  createBcryptPool,
} from '../../../../gateway/access/passwords/bcrypt-pool.ts'
import { useCleanup } from '../../../support/cleanup.ts'

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

const compare = (pool: ReturnType<typeof open>, password: string) =>
  pool.compare({ password, hash: '', dearest: 4 })

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
    expect(await open().compare({ password, hash, dearest: 4 })).toBe(matches)
  })

  // Written by `htpasswd -Bbn`, which reads 72 bytes as well.
  const long = `${'ä'.repeat(36)}and more`
  it('reads the first 72 bytes of a long password, as registry:2 does', async () => {
    const pool = open()
    const { hashSync } = await import('bcryptjs')
    const hash = hashSync(long, secret)
    expect(isReadWhole(long)).toBe(false)
    const matches = (password: string) => pool.compare({ password, hash, dearest: 4 })
    expect(await matches(long)).toBe(true)
    expect(await matches(`${'ä'.repeat(36)}or less`)).toBe(true)
    expect(await matches(`${'ä'.repeat(35)}aaand more`)).toBe(false)
  })

  it('of $2x$ is one of $2y$, as in Go', async () => {
    const hash = '$2x$05$6juziEJjYvQaR1cIz3LyEucjmQOOWSaqTS9aJFpuLOq8IhphgUn0C'
    const question = { hash, dearest: 5 }
    expect(await open().compare({ ...question, password: 'correct horse' })).toBe(true)
    expect(await open().compare({ ...question, password: 'correct' })).toBe(false)
  })
})

describe('a comparison that fails', () => {
  it.each([4, 5, 9, 10])('of a hash of cost %i is as much work as one of cost 10', (cost) => {
    const works = paddingOf(cost, 10).map((hash) => 2 ** Number(hash.slice(4, 6)))
    expect(works.reduce((sum, work) => sum + work, 2 ** cost)).toBe(2 ** 10)
  })

  it('of a cheap hash does that work, and one that matches does not', async () => {
    const { hashSync } = await import('bcryptjs')
    const hash = hashSync('secret', secret)
    const timeOf = async (password: string) => {
      const started = performance.now()
      await pool.compare({ password, hash, dearest: 11 })
      return performance.now() - started
    }
    const pool = open()
    await timeOf('secret')
    // More than a hundred times the work: a busy machine does not make up for that.
    const right = Math.min(await timeOf('secret'), await timeOf('secret'))
    expect(await timeOf('wrong')).toBeGreaterThan(5 * right)
  })
})

describe('the pool', () => {
  it.each(['die', 'exit'])(
    'replaces a thread that is told to %s, and loses one job',
    async (way) => {
      const pool = open({ program: await obedient() })
      const answers = await Promise.allSettled([
        compare(pool, 'one'),
        compare(pool, way),
        compare(pool, 'three'),
      ])
      expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(String((answers[1] as PromiseRejectedResult).reason)).toMatch(/a thread .* died/)
    },
  )

  it('works in as many threads as it is told to', async () => {
    const pool = open({ threads: 2, program: await obedient() })
    const stuck = compare(pool, 'hang')
    expect(await compare(pool, 'one')).toBe(true)
    expect(await compare(pool, 'two')).toBe(true)
    const ended = expect(stuck).rejects.toThrow()
    await pool.close()
    await ended
  })

  it('ends what runs and what waits when it is closed', async () => {
    const pool = open({ program: await obedient() })
    const answers = Promise.allSettled([compare(pool, 'hang'), compare(pool, 'hang')])
    await pool.close()
    expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(compare(pool, 'one')).rejects.toThrow('no passwords are compared any more')
  })
})
