import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { compareSync } from 'bcryptjs'
import { useCleanup } from '../support/cleanup.ts'
import { runKura } from '../support/kura.ts'

const cleanup = useCleanup()
const htpasswd = (...args: string[]) => runKura(['htpasswd', ...args])

describe('kura htpasswd', () => {
  it('prints the line that the image of registry:2 printed', async () => {
    const { code, stdout, stderr } = await htpasswd('-Bbn', 'ann', 'secret')
    expect([code, stderr]).toEqual([0, ''])
    const [, hash = ''] = /^ann:(\$2y\$10\$\S{53})\n\n$/.exec(stdout) ?? []
    expect(compareSync('secret', hash)).toBe(true)
  })

  it('makes, changes, checks and removes lines of a file', async () => {
    const file = join(await cleanup.folder(), 'htpasswd')
    expect((await htpasswd('-Bb', file, 'ann', 'secret')).code).toBe(1)
    expect((await htpasswd('-Bbc', '-C', '4', file, 'ann', 'secret')).code).toBe(0)
    expect((await htpasswd('-Bb', '-C', '4', file, 'bob', 'hidden')).code).toBe(0)
    expect(await readFile(file, 'utf8')).toMatch(/^ann:\$2y\$04\$\S+\nbob:\$2y\$04\$\S+\n$/)
    expect((await htpasswd('-vb', file, 'bob', 'hidden')).code).toBe(0)
    expect((await htpasswd('-vb', file, 'bob', 'wrong')).code).toBe(3)
    await htpasswd('-D', file, 'ann')
    expect(await readFile(file, 'utf8')).toMatch(/^bob:\S+\n$/)
  })

  const wrong: [args: string[], said: RegExp][] = [
    [['-bn', 'ann', 'secret'], /only bcrypt is taken by kura and registry:2: add -B/],
    [['-Bbn', 'ann'], /usage: htpasswd -Bbn user password/],
    [['-Bbn', 'ann', 'secret', 'more'], /usage:/],
    [['-Bbn', '-C', '3', 'ann', 'secret'], /-C 3: it is a number from 4 to 17/],
    [['-m', 'file', 'ann'], /unknown option '-m'/],
  ]
  it.each(wrong)('%j is refused', async (args, said) => {
    const { code, stdout, stderr } = await htpasswd(...args)
    expect(code).not.toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toMatch(said)
  })
})

describe('what a wrong command line is told', () => {
  const rows: [args: string[], said: string][] = [
    [['foo'], 'the commands are serve, gateway, worker, config, user, policy'],
    [['user', 'foo'], 'the commands are add, passwd, remove, list'],
    [['serve', '--workers', '99'], "'99' is invalid. It must be a whole number from 1 to 64"],
    [['user', 'add', 'a', '--cost', '3'], "'3' is invalid. it is a number from 10 to 14"],
    [
      ['policy', 'check', '.', '--repository', 'a', '--action', 'pul'],
      "'pul' is invalid. Allowed choices are pull, push, overwrite, delete, list",
    ],
    [
      ['policy', 'check', '.', '--action', 'pull', '--repository', 'A B'],
      '"A B" is no name of a repository: it has parts of a-z, 0-9',
    ],
    [
      ['policy', 'check', '.', '--action', 'pull', '--repository', 'a', '--tag', '.x'],
      '".x" is no name of a tag: it has up to 128',
    ],
    [
      ['policy', 'check', '.', '--action', 'pull', '--repository', 'a', '--from', '1.2'],
      '1.2 is no address: it is one such as 192.0.2.7',
    ],
    [['user', 'list', '--file', '/nonexistent/a'], '/nonexistent/a: there is no such file'],
  ]
  it.each(rows)('%j', async (args, said) => {
    const { code, stderr } = await runKura(args)
    expect(code).not.toBe(0)
    expect(stderr.replace(/\s+/g, ' ')).toContain(said)
  })

  it('stands in the help as well', async () => {
    const helps = await Promise.all(
      [['serve'], ['user', 'add'], ['policy', 'check']].map((it) => runKura([...it, '--help'])),
    )
    const [serve, user, check] = helps.map(({ stdout }) => stdout.replace(/\s+/g, ' '))
    expect(serve).toContain('in 1 to 64 processes')
    expect(user).toContain('from 10 to 14')
    expect(check).toContain('"pull", "push", "overwrite", "delete", "list"')
  })
})

describe('a file in UTF-16', () => {
  const line = 'ann:$2y$05$6juziEJjYvQaR1cIz3LyEucjmQOOWSaqTS9aJFpuLOq8IhphgUn0C\r\n'
  it.each([
    ['with its mark', `\ufeff${line}`],
    ['without', line],
  ])('%s is read, and written as UTF-8 by a change', async (_what, text) => {
    const file = join(await cleanup.folder(), 'htpasswd')
    await writeFile(file, text, 'utf16le')
    expect((await runKura(['user', 'list', '--file', file])).stdout).toBe('ann\n')
    expect((await htpasswd('-Bb', '-C', '4', file, 'bob', 'hidden')).code).toBe(0)
    expect(await readFile(file, 'utf8')).toMatch(/^ann:\$2y\$05\$\S+\r\nbob:\$2y\$04\$\S+\n$/)
  })
})
