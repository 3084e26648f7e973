/**
 * `kura user add|passwd|remove|list`: the users of the htpasswd file. A running server notices by
 * itself. A password comes from the terminal or from stdin, never from the command line.
 */
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { Command, InvalidArgumentError } from 'commander'
import { ownName } from '../assembly/own-name.ts'
import {
  defaultCost,
  highestUsefulCost,
  isReadWhole,
  longestPasswordBytes,
} from '../gateway/access/passwords/bcrypt-limits.ts'
import { explainUnreadable } from '../gateway/access/passwords/htpasswd.ts'
import {
  changeHtpasswd,
  hasUser,
  withoutUser,
  withUser,
} from '../gateway/access/passwords/htpasswd-edit.ts'
import { nameFault, parseHtpasswd } from '../gateway/access/passwords/htpasswd-lines.ts'
import { decodeHtpasswd } from '../gateway/access/passwords/htpasswd-text.ts'
import { findUserFile } from './user-file.ts'

type Write = (text: string) => void
type Change = { file: string; name: string; write: Write }
type NewPassword = Change & { password: string; cost?: number }

export async function addUser({ file, name, password, cost, write }: NewPassword): Promise<void> {
  const hash = await hashOf({ name, password, cost })
  await changeHtpasswd(file, (text) => {
    if (!hasUser(text, name)) return withUser(text, name, hash)
    throw new Error(`${name} is there already: ${ownName()} user passwd changes the password`)
  })
  write(`added ${name} to ${file}\n${noteOn(password)}`)
}

export async function setPassword(change: NewPassword): Promise<void> {
  const { file, name, password, write } = change
  await textOf(file)
  const hash = await hashOf(change)
  await changeHtpasswd(file, (text) => withUser(textWith(name, { text, file }), name, hash))
  write(`changed the password of ${name} in ${file}\n${noteOn(password)}`)
}

export async function removeUser({ file, name, write }: Change): Promise<void> {
  await textOf(file)
  await changeHtpasswd(file, (text) => withoutUser(textWith(name, { text, file }), name))
  write(`removed ${name} from ${file}\n`)
}

/** One name a line; what is wrong with the file is said beside it or before. */
export async function listUsers({ file, write }: { file: string; write: Write }): Promise<void> {
  const { users, unusable } = parseHtpasswd(await textOf(file))
  const all = [...users.keys(), ...unusable.keys()].sort()
  for (const name of all) {
    const kind = unusable.get(name)
    write(kind ? `${name}  (cannot log in: ${kind} instead of bcrypt)\n` : `${name}\n`)
  }
}

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause) => {
    throw new Error(`${file}: ${explainUnreadable(cause, file)}; ${ownName()} user add makes it`, {
      cause,
    })
  })
  return decodeHtpasswd(bytes).text
}

function textWith(name: string, { text, file }: { text: string; file: string }): string {
  if (hasUser(text, name)) return text
  throw new Error(`there is no ${name} in ${file}`)
}

type Secret = { name: string; password: string; cost?: number | undefined }

export async function hashOf({ name, password, cost = defaultCost }: Secret): Promise<string> {
  const fault = nameFault(name) ?? passwordFault(password)
  if (fault) throw new Error(fault)
  const { hash } = await import('bcryptjs')
  return hash(password, cost)
}

function passwordFault(password: string): string | undefined {
  if (password === '') return 'a password may not be empty'
  if (/\p{Cc}/u.test(password)) return 'a password may not have control characters'
  return undefined
}

/** What registry:2 takes as well, but a person might not expect. */
function noteOn(password: string): string {
  const bytes = Buffer.byteLength(password)
  return isReadWhole(password)
    ? ''
    : `this password has ${bytes} bytes, of which bcrypt reads the first ${longestPasswordBytes}: any that begins with them will do\n`
}

type Terminal = { input: NodeJS.ReadableStream & { isTTY?: boolean }; prompt: Write }

/** Asked twice at a terminal, which shows nothing of it; otherwise the first line there is. */
export async function readPassword({ input, prompt }: Terminal): Promise<string> {
  if (!input.isTTY) return readLine(input)
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: silence, terminal: true, historySize: 0 })
  lines.once('SIGINT', () => lines.close())
  const answers = lines[Symbol.asyncIterator]()
  try {
    const first = await ask('password: ')
    if (first === (await ask('once more: '))) return first
    throw new Error('the two passwords differ')
  } finally {
    lines.close()
  }

  async function ask(question: string): Promise<string> {
    prompt(question)
    const { value, done } = await answers.next()
    prompt('\n')
    if (!done) return value
    throw new Error('no password was given')
  }
}

async function readLine(input: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const chunk of input.setEncoding('utf8')) {
    text += chunk
    if (text.includes('\n')) break
  }
  return text.split(/\r?\n/, 1)[0] ?? ''
}

type Options = { file?: string; config?: string; cost?: number }

export function userCommand(): Command {
  const command = new Command('user')
    .description('add, change, remove and list the users of the htpasswd file')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .exitOverride()
  const write: Write = (text) => process.stdout.write(text)
  const prompt: Write = (text) => process.stderr.write(text)

  const subcommand = (name: string, description: string) =>
    command
      .command(name)
      .description(description)
      .option('--file <path>', 'the htpasswd file; without it auth.htpasswd.path')
      .option('--config <path>', 'the configuration; without it REGISTRY_CONFIGURATION_PATH')

  for (const [name, description, change] of [
    ['add <name>', 'add a user; the password is asked for, or read from stdin', addUser],
    ['passwd <name>', "change a user's password", setPassword],
  ] as const) {
    subcommand(name, description)
      .option(
        '--cost <number>',
        `the cost of the bcrypt hash, from ${defaultCost} to ${highestUsefulCost}`,
        parseCost,
        defaultCost,
      )
      .action(async (name: string, { cost, ...options }: Options) => {
        const file = await findUserFile(options)
        const password = await readPassword({ input: process.stdin, prompt })
        await change({ file, name, password, write, ...(cost && { cost }) })
      })
  }
  subcommand('remove <name>', 'remove a user').action(async (name: string, options: Options) => {
    await removeUser({ file: await findUserFile(options), name, write })
  })
  subcommand('list', 'list the users').action(async (options: Options) => {
    await listUsers({ file: await findUserFile(options), write })
  })
  return command
}

function parseCost(text: string): number {
  const cost = Number(text)
  if (Number.isInteger(cost) && cost >= defaultCost && cost <= highestUsefulCost) return cost
  throw new InvalidArgumentError(`it is a number from ${defaultCost} to ${highestUsefulCost}.`)
}
