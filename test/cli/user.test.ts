import { spawn } from 'node:child_process'
import { chmod, lstat, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from '@jest/globals'
import { compareSync } from 'bcryptjs'
import { addUser, listUsers, removeUser, setPassword } from '../../assembly/accounts/accounts.ts'
import { readPassword } from '../../assembly/accounts/read-password.ts'
import { userCommand } from '../../cli/user.ts'
import { parseHtpasswd } from '../../gateway/access/passwords/htpasswd-lines.ts'
import { useCleanup } from '../support/cleanup.ts'

const cleanup = useCleanup()
const write = () => {}
const cost = 4

async function fileWith(text: string, mode = 0o640): Promise<string> {
  const file = join(await cleanup.folder(), 'htpasswd')
  await writeFile(file, text)
  await chmod(file, mode)
  return file
}

async function hashIn(file: string, name: string): Promise<string> {
  return parseHtpasswd(await readFile(file, 'utf8')).users.get(name) ?? ''
}

describe('adding a user', () => {
  it('makes a file that is not there, and its folder, for its owner only', async () => {
    const folder = await cleanup.folder()
    const file = join(folder, 'auth/htpasswd')
    let said = ''
    await addUser({
      file,
      name: 'ann',
      password: 'secret',
      write: (text) => {
        said += text
      },
    })
    expect(compareSync('secret', await hashIn(file, 'ann'))).toBe(true)
    expect(await readFile(file, 'utf8')).toMatch(/^ann:\$2b\$10\$\S{53}\n$/)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(join(folder, 'auth'))).toEqual(['htpasswd'])
    expect(said).toBe(`added ann to ${file}\n`)
  })

  it('keeps the mode of the file and all other lines', async () => {
    const file = await fileWith('# ours\n\nbob:plain\nnonsense')
    await addUser({ file, name: 'ann', password: 'secret', cost, write })
    expect(await readFile(file, 'utf8')).toMatch(/^# ours\n\nbob:plain\nnonsense\nann:\$2b\$04\$/)
    expect((await stat(file)).mode & 0o777).toBe(0o640)
  })

  it('replaces what a link points to, and not the link', async () => {
    const file = await fileWith('')
    const link = join(await cleanup.folder(), 'link')
    await symlink(file, link)
    await addUser({ file: link, name: 'ann', password: 'secret', cost, write })
    expect((await lstat(link)).isSymbolicLink()).toBe(true)
    expect(await hashIn(file, 'ann')).not.toBe('')
  })

  it('is refused while another change is being made', async () => {
    const file = await fileWith('bob:plain\n')
    const answers = await Promise.allSettled(
      ['ann', 'cat', 'dan'].map((name) => addUser({ file, name, password: 'x', cost, write })),
    )
    const { users } = parseHtpasswd(await readFile(file, 'utf8'))
    expect(users.size).toBe(answers.filter(({ status }) => status === 'fulfilled').length)
    const draft = join(file, '../.htpasswd.draft')
    await writeFile(draft, '')
    await expect(removeUser({ file, name: 'bob', write })).rejects.toThrow(`remove ${draft}`)
  })

  const refused: [why: string, name: string, password: string, message: string][] = [
    ['an empty name', '', 'x', 'a name may not be empty'],
    ['a colon', 'a:b', 'x', 'a name may not have a colon'],
    ['a line break', 'a\nb', 'x', 'a name may not have control characters'],
    ['a line separator', 'a\u2028b', 'x', 'a name may not have control characters'],
    ['a space at its end', 'a ', 'x', 'a name may not begin or end with a space'],
    ['a #', '#a', 'x', 'a name may not begin with #'],
    ['half a character', 'a\ud800', 'x', 'a name must be valid text'],
    ['256 bytes', 'ä'.repeat(128), 'x', 'a name has 255 bytes at most'],
    ['a name that is taken', 'bob', 'x', 'bob is there already'],
    ['no password', 'ann', '', 'a password may not be empty'],
    ['a tab in the password', 'ann', 'a\tb', 'a password may not have control characters'],
  ]
  it.each(refused)('with %s is refused, and changes nothing', async (_why, name, password, why) => {
    const file = await fileWith('bob:plain\n')
    await expect(addUser({ file, name, password, cost, write })).rejects.toThrow(why)
    expect(await readFile(file, 'utf8')).toBe('bob:plain\n')
    expect(await readdir(join(file, '..'))).toEqual(['htpasswd'])
  })
})

describe('other changes', () => {
  it('give a user another password', async () => {
    const file = await fileWith('bob:plain\ncat:x\n')
    await setPassword({ file, name: 'bob', password: 'secret', cost, write })
    expect(compareSync('secret', await hashIn(file, 'bob'))).toBe(true)
    expect(await readFile(file, 'utf8')).toMatch(/^bob:\S+\ncat:x\n$/)
  })

  it('remove a user', async () => {
    const file = await fileWith('# ours\nbob:plain\ncat:x\n')
    await removeUser({ file, name: 'bob', write })
    expect(await readFile(file, 'utf8')).toBe('# ours\ncat:x\n')
  })

  it('are refused for whom nobody knows', async () => {
    const file = await fileWith('#bob:plain\n')
    const password = 'secret'
    await expect(removeUser({ file, name: 'bob', write })).rejects.toThrow('there is no bob in')
    await expect(setPassword({ file, name: 'bob', password, cost, write })).rejects.toThrow(
      'there is no bob in',
    )
  })
})

it('the list says who cannot log in', async () => {
  const file = await fileWith('bob:plain\n# x\n')
  await addUser({ file, name: 'ann', password: 'secret', cost, write })
  const said: string[] = []
  await listUsers({ file, write: (text) => said.push(text) })
  expect(said).toEqual(['ann\n', 'bob  (cannot log in: plain text instead of bcrypt)\n'])
})

describe('the password', () => {
  const lines: [text: string, password: string][] = [
    ['secret\n', 'secret'],
    ['secret\r\nmore\n', 'secret'],
    [' two words \n', ' two words '],
    ['secret', 'secret'],
    ['', ''],
  ]
  it.each(lines)('is the first line of %j', async (text, password) => {
    const input = new PassThrough()
    input.end(text)
    expect(await readPassword({ input, prompt: write })).toBe(password)
  })

  const typed: [keys: string, outcome: string][] = [
    ['secret\rsecret\r', 'secret'],
    ['secreT\x7ft\rsecret\r', 'secret'],
    ['공주님\r공주님\r', '공주님'],
    ['secret\rsecrets\r', 'the two passwords differ'],
    ['secret\r\x03', 'no password was given'],
    ['\x03', 'no password was given'],
    ['\x04', 'no password was given'],
  ]
  it.each(typed)('typed as %j is asked for twice: %s', async (keys, outcome) => {
    const input = Object.assign(new PassThrough(), { isTTY: true })
    let prompts = ''
    const prompt = (text: string) => {
      prompts += text
    }
    input.write(keys)
    const found = await readPassword({ input, prompt }).catch((error: Error) => error.message)
    expect(found).toBe(outcome)
    expect(prompts).toMatch(/^password: \n(?:once more: \n)?$/)
  })
})

describe('the command', () => {
  type Exit = { code: number | null; output: string }

  /** `kura user …` in a process of its own, as cli/main.ts runs it. */
  async function kura(args: string[], input = ''): Promise<Exit> {
    const command = new URL('../../cli/user.ts', import.meta.url).href
    const program = `import { userCommand } from '${command}'
      try { await userCommand().parseAsync(process.argv.slice(1), { from: 'user' }) }
      catch (error) { process.stdout.write(error.message + '\\n'); process.exitCode = 1 }`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, ...args], {
      env: {},
    })
    child.stdin.end(input)
    const { promise, resolve } = Promise.withResolvers<Exit>()
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.once('close', (code) => resolve({ code, output }))
    return promise
  }

  it('adds, changes, lists and removes users of the file it is told', async () => {
    const file = join(await cleanup.folder(), 'htpasswd')
    expect(await kura(['add', 'ann', '--file', file], 'secret\n')).toEqual({
      code: 0,
      output: `added ann to ${file}\n`,
    })
    await kura(['passwd', 'ann', '--file', file, '--cost', '11'], 'changed\n')
    const hash = await hashIn(file, 'ann')
    expect(hash).toMatch(/^\$2b\$11\$/)
    expect(compareSync('changed', hash)).toBe(true)
    expect(await kura(['list', '--file', file])).toEqual({ code: 0, output: 'ann\n' })
    await kura(['remove', 'ann', '--file', file])
    expect(await readFile(file, 'utf8')).toBe('')
  })

  it('finds the file in the configuration', async () => {
    const folder = await cleanup.folder()
    const file = join(folder, 'users')
    const config = join(folder, 'config.yml')
    const text = (auth: string) =>
      `version: 0.1\nstorage:\n  inmemory: {}\nhttp:\n  addr: :5000\n${auth}`
    await writeFile(config, text(`auth:\n  htpasswd:\n    realm: r\n    path: ${file}\n`))
    await kura(['add', 'ann', '--config', config], 'secret\n')
    expect((await kura(['list', '--config', config])).output).toBe('ann\n')
    await writeFile(config, text(''))
    expect(await kura(['list', '--config', config])).toEqual({
      code: 1,
      output: 'auth.htpasswd.path is not set: name the file with --file\n',
    })
  })

  it('takes no password as an argument', async () => {
    const file = join(await cleanup.folder(), 'htpasswd')
    const { code, output } = await kura(['add', 'ann', 'secret', '--file', file])
    expect([code, output]).toEqual([1, expect.stringContaining('too many arguments')])
    expect(output).not.toContain('secret')
  })

  it.each(['9', '15', '10.5', 'x'])('refuses the cost %s', async (cost) => {
    const { code, output } = await kura(['add', 'ann', '--file', 'f', '--cost', cost], 'secret\n')
    expect([code, output]).toEqual([1, expect.stringContaining('from 10 to 14')])
  })

  it('has a part for each change, and the list', () => {
    const names = userCommand().commands.map((it) => it.name())
    expect(names).toEqual(['add', 'passwd', 'remove', 'list'])
  })
})
