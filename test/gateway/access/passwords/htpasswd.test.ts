import { once } from 'node:events'
import { mkdir, readFile, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { compareSync } from 'bcryptjs'
import {
  type Htpasswd,
  openHtpasswd,
  setting,
} from '../../../../gateway/access/passwords/htpasswd.ts'
import { createLog } from '../../../../gateway/log/log.ts'
import { useCleanup } from '../../../support/cleanup.ts'

const cleanup = useCleanup()

const tail = '6juziEJjYvQaR1cIz3LyEucjmQOOWSaqTS9aJFpuLOq8IhphgUn0C'
const first = `$2y$05$${tail}`
const second = `$2b$10$${tail}`

type Line = {
  level: string
  msg: string
  path: string
  user?: string
  password?: string
  setting?: string
}

/** A log whose lines can be waited for, each taken once. */
function capture() {
  const lines: Line[] = []
  const heard = new EventTarget()
  const write = (json: string) => {
    lines.push(JSON.parse(json))
    heard.dispatchEvent(new Event('line'))
  }
  const log = createLog(
    { level: 'info', formatter: 'json', fields: {}, reportcaller: false },
    { write },
  )
  async function said(words: string): Promise<Line> {
    for (;;) {
      const index = lines.findIndex(({ msg }) => msg.includes(words))
      if (index >= 0) return lines.splice(index, 1)[0] as Line
      await once(heard, 'line')
    }
  }
  return { log, lines, said }
}

async function open(path: string) {
  const heard = capture()
  const htpasswd: Htpasswd = await openHtpasswd({ path, log: heard.log, pollMs: 2 })
  cleanup.add(async () => htpasswd.close())
  return { htpasswd, ...heard }
}

async function fileWith(text: string): Promise<string> {
  const path = join(await cleanup.folder(), 'htpasswd')
  await writeFile(path, text)
  return path
}

const changed = 'changed and was read again'
const kept = 'its last users stay'

describe('the users of a file', () => {
  it('are found, and nobody else', async () => {
    const { htpasswd, lines } = await open(await fileWith(`ann:${first}\nbob:plain\n`))
    expect(htpasswd.find('ann')).toBe(first)
    expect(htpasswd.find('bob')).toBeUndefined()
    expect(htpasswd.find('constructor')).toBeUndefined()
    expect(lines).toEqual([
      expect.objectContaining({
        level: 'warning',
        msg: 'only bcrypt hashes are accepted, so these cannot log in: user bob (plain text)',
      }),
    ])
  })

  it('change when the file is written', async () => {
    const path = await fileWith(`ann:${first}\n`)
    const { htpasswd, said } = await open(path)
    await writeFile(path, `ann:${second}\nbob:${first}\n`)
    await said(changed)
    expect([htpasswd.find('ann'), htpasswd.find('bob')]).toEqual([second, first])
    expect(htpasswd.dearestCost()).toBe(10)
    await writeFile(path, `bob:${first}\n`)
    await said(changed)
    expect(htpasswd.find('ann')).toBeUndefined()
  })

  it('change when the file is replaced by one of the same size and time', async () => {
    const path = await fileWith(`ann:${first}\n`)
    const { htpasswd, said } = await open(path)
    const { atime, mtime } = await stat(path)
    await writeFile(`${path}.new`, `bob:${first}\n`)
    await utimes(`${path}.new`, atime, mtime)
    await rename(`${path}.new`, path)
    await said(changed)
    expect([htpasswd.find('ann'), htpasswd.find('bob')]).toEqual([undefined, first])
  })

  it('change when a link in the path is turned to another folder', async () => {
    const folder = await cleanup.folder()
    for (const [version, name] of [
      ['1', 'ann'],
      ['2', 'bob'],
    ]) {
      await mkdir(join(folder, `${version}`))
      await writeFile(join(folder, `${version}`, 'htpasswd'), `${name}:${first}\n`)
    }
    await symlink('1', join(folder, 'data'))
    const { htpasswd, said } = await open(join(folder, 'data/htpasswd'))
    await symlink('2', join(folder, 'next'))
    await rename(join(folder, 'next'), join(folder, 'data'))
    await said(changed)
    expect([htpasswd.find('ann'), htpasswd.find('bob')]).toEqual([undefined, first])
  })

  it('stay while the file is gone, which is said once', async () => {
    const path = await fileWith(`ann:${first}\n`)
    const { htpasswd, said, lines } = await open(path)
    await rm(path)
    expect(await said(kept)).toMatchObject({
      level: 'error',
      msg: 'there is no such file; its last users stay',
      path,
    })
    expect(htpasswd.find('ann')).toBe(first)

    // While another file changes three times, this one is looked at again as often at least.
    const otherPath = await fileWith('')
    const other = await open(otherPath)
    for (const name of ['ann', 'bob', 'cat']) {
      await writeFile(otherPath, `${name}:${first}\n`)
      await other.said(changed)
    }
    expect(lines).toEqual([])

    await writeFile(path, `bob:${first}\n`)
    await said('can be read again')
    await said(changed)
    expect(lines).toEqual([])
    expect([htpasswd.find('ann'), htpasswd.find('bob')]).toEqual([undefined, first])
  })

  it('may all be taken away', async () => {
    const path = await fileWith(`ann:${first}\n`)
    const { htpasswd, said } = await open(path)
    await writeFile(path, '')
    await said(changed)
    expect(htpasswd.find('ann')).toBeUndefined()
  })

  const costs: [hashes: string[], dearest: number][] = [
    [[], 10],
    [[first], 5],
    [[first, second, second], 10],
    [[first, second], 10],
    [[first, first, second], 10],
  ]
  it.each(costs)('with the hashes %j cost %i at most', async (hashes, dearest) => {
    const text = hashes.map((hash, n) => `user${n}:${hash}\n`).join('')
    const { htpasswd } = await open(await fileWith(text))
    expect(htpasswd.dearestCost()).toBe(dearest)
  })
})

describe('what is said of a file', () => {
  const text = `\ufeffann:${first}\r\n`
  const utf16 = (of: string) => Buffer.from(of, 'utf16le')
  const utf32 = (of: string) =>
    Buffer.from(Uint32Array.from(of, (it) => it.codePointAt(0) ?? 0).buffer)
  it.each([
    ['UTF-16', '', utf16(text)],
    ['UTF-16', ' the other way round', utf16(text).swap16()],
    ['UTF-16', ' without its mark', utf16(text.slice(1))],
    ['UTF-32', '', utf32(text)],
    ['UTF-32', ' the other way round', utf32(text).swap32()],
    ['UTF-32', ' without its mark', utf32(text.slice(1))],
    ['UTF-32', ' the other way round, without its mark', utf32(text.slice(1)).swap32()],
  ])('that is %s%s: so much, and its users are found', async (encoding, _how, bytes) => {
    const path = join(await cleanup.folder(), 'htpasswd')
    await writeFile(path, bytes)
    const { htpasswd, said } = await open(path)
    expect(await said(`is ${encoding},`)).toMatchObject({ level: 'warning', path, setting })
    expect(htpasswd.find('ann')).toBe(first)
  })

  it.each(['', '\n# nobody\n', 'ann:plain\n'])('that holds %j: nobody can log in', async (text) => {
    const path = await fileWith(text)
    const { said } = await open(path)
    expect(await said('nobody can log in')).toMatchObject({ level: 'warning', path })
  })
})

describe('a file that is not there', () => {
  it('is made, with its folder, for one user with a random password', async () => {
    const path = join(await cleanup.folder(), 'a/b/htpasswd')
    const { htpasswd, said, lines } = await open(path)
    const { level, user, password = '', setting } = await said('one was made')
    expect([level, user]).toEqual(['warning', 'docker'])
    expect(setting).toContain('auth.htpasswd.path')
    expect(password).toMatch(/^[\w-]{43}$/)
    expect(compareSync(password, htpasswd.find('docker') ?? '')).toBe(true)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(path, 'utf8')).not.toContain(password)
    expect(lines).toEqual([])

    const again = await open(path)
    expect(again.htpasswd.find('docker')).toBe(htpasswd.find('docker'))
    expect(again.lines).toEqual([])
  })

  it('is made once by several that start at the same time', async () => {
    const path = join(await cleanup.folder(), 'htpasswd')
    const opened = await Promise.all([open(path), open(path), open(path)])
    expect(opened.flatMap(({ lines }) => lines)).toHaveLength(1)
  })
})

describe('a path that cannot be read', () => {
  it.each([
    ['a folder', '.', 'this is a folder, not a file'],
    ['below a file', 'file/htpasswd', 'there is no such folder'],
    ['a link to nowhere', 'link', 'there is no such file'],
  ])('because it is %s is refused by the name of its setting', async (_why, name, reason) => {
    const folder = await cleanup.folder()
    await writeFile(join(folder, 'file'), '')
    await symlink('nowhere', join(folder, 'link'))
    const path = join(folder, name)
    await expect(open(path)).rejects.toThrow(`auth.htpasswd.path: ${path}: ${reason}`)
  })
})
