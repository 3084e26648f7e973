/**
 * `kura htpasswd`: the command line of Apache's htpasswd, which the image of registry:2 had in it, as
 * far as it is about bcrypt. Scripts that made accounts with that image go on with this one.
 */
import { readFile } from 'node:fs/promises'
import { compare } from 'bcryptjs'
import { Command } from 'commander'
import { hashOf } from '../assembly/accounts/accounts.ts'
import { readPassword } from '../assembly/accounts/read-password.ts'
import { changeHtpasswd, withoutUser, withUser } from '../gateway/access/passwords/htpasswd-edit.ts'
import { parseHtpasswd } from '../gateway/access/passwords/htpasswd-lines.ts'
import { decodeHtpasswd } from '../gateway/access/passwords/htpasswd-text.ts'

type Options = {
  c?: boolean
  n?: boolean
  b?: boolean
  i?: boolean
  B?: boolean
  C?: string
  D?: boolean
  v?: boolean
}

/** Said to stdout and to stderr. */
type Output = { write: (text: string) => void; note: (text: string) => void }

/** The exit codes of Apache's. */
const codes = { syntax: 2, verify: 3 }
const usage =
  'htpasswd -Bbn user password, htpasswd -B [-c] [-b] file user [password], or -D or -v in place of -B'

export function htpasswdCommand(): Command {
  const output = {
    write: (text: string) => void process.stdout.write(text),
    note: (text: string) => void process.stderr.write(text),
  }
  return new Command('htpasswd')
    .description("what Apache's htpasswd does, for bcrypt: htpasswd -Bbn user password")
    .argument('[words...]', 'file, user and password, as the options have them')
    .option('-B', 'bcrypt, the only kind that is taken')
    .option('-C <cost>', 'the cost of bcrypt, from 4 to 17')
    .option('-b', 'the password is on the command line')
    .option('-i', 'the password is read from stdin')
    .option('-n', 'print the line, and change no file')
    .option('-c', 'make the file anew')
    .option('-D', 'remove the user')
    .option('-v', 'say whether the password is right')
    .action(async (words: string[], options: Options) => {
      process.exitCode = await htpasswd(words, options, output)
    })
}

/** Answers the exit code. */
async function htpasswd(words: string[], options: Options, output: Output): Promise<number> {
  const { B, D, v } = options
  const named = findNamed(words, options)
  if (!named) return wrong(output, `usage: ${usage}`)
  if (!B && !D && !v) return wrong(output, 'only bcrypt is taken by kura and registry:2: add -B')

  const { file, name, given } = named
  if (file !== undefined && D) return remove(file, name, output)
  const password = given ?? (await readPassword({ input: process.stdin, prompt: output.note }))
  if (file !== undefined && v) return verify({ file, name, password }, output)
  return make({ file, name, password }, options, output)
}

type Named = { file: string | undefined; name: string; given: string | undefined }

/** Undefined when there are too few words, or too many. */
function findNamed(words: string[], { b, n, D }: Options): Named | undefined {
  const wantsPassword = b === true && !D
  const wanted = (n ? 1 : 2) + (wantsPassword ? 1 : 0)
  const [name, given] = words.slice(n ? 0 : 1)
  if (words.length !== wanted || name === undefined) return undefined
  return { file: n ? undefined : words[0], name, given: wantsPassword ? given : undefined }
}

async function make({ file, name, password }: Login, options: Options, output: Output) {
  const cost = costOf(options.C)
  if (cost === undefined) return wrong(output, `-C ${options.C}: it is a number from 4 to 17`)
  const made = await hashOf({ name, password, ...cost })
  // Apache's htpasswd writes $2y$; all kinds are compared alike.
  const hash = made.replace(/^\$2b\$/, '$2y$')
  if (file === undefined) output.write(`${name}:${hash}\n\n`)
  else await change({ file, name, hash, isNew: options.c === true }, output)
  return 0
}

function wrong({ note }: Output, why: string): number {
  note(`htpasswd: ${why}\n`)
  return codes.syntax
}

function costOf(text: string | undefined): { cost?: number } | undefined {
  if (text === undefined) return {}
  const cost = Number(text)
  return /^\d+$/.test(text) && cost >= 4 && cost <= 17 ? { cost } : undefined
}

type Change = { file: string; name: string; hash: string; isNew: boolean }

async function change({ file, name, hash, isNew }: Change, { note }: Output): Promise<void> {
  if (!isNew) await textOf(file)
  await changeHtpasswd(file, (text) => withUser(isNew ? '' : text, name, hash))
  note(`Adding password for user ${name}\n`)
}

async function remove(file: string, name: string, { note }: Output): Promise<number> {
  await textOf(file)
  await changeHtpasswd(file, (text) => withoutUser(text, name))
  note(`Deleting password for user ${name}\n`)
  return 0
}

type Login = { file: string | undefined; name: string; password: string }

async function verify(
  { file, name, password }: Login & { file: string },
  { note }: Output,
): Promise<number> {
  const hash = parseHtpasswd(await textOf(file)).users.get(name)
  const isRight = hash !== undefined && (await compare(password, hash.replace('$2x$', '$2y$')))
  note(isRight ? `Password for user ${name} correct.\n` : 'password verification failed\n')
  return isRight ? 0 : codes.verify
}

async function textOf(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause) => {
    throw new Error(`htpasswd: ${file} cannot be read (${cause.code}); -c makes it`, { cause })
  })
  return decodeHtpasswd(bytes).text
}
