/**
 * The accounts in a htpasswd file: added, changed, removed and listed. A running server notices by itself.
 * Each tells what it did through `write`, and throws what a person can mend.
 */
import { readFile } from 'node:fs/promises'
import {
  defaultCost,
  isReadWhole,
  longestPasswordBytes,
} from '../../gateway/access/passwords/bcrypt-limits.ts'
import { explainUnreadable } from '../../gateway/access/passwords/htpasswd.ts'
import {
  changeHtpasswd,
  hasUser,
  withoutUser,
  withUser,
} from '../../gateway/access/passwords/htpasswd-edit.ts'
import { nameFault, parseHtpasswd } from '../../gateway/access/passwords/htpasswd-lines.ts'
import { decodeHtpasswd } from '../../gateway/access/passwords/htpasswd-text.ts'
import { ownName } from '../messages/own-name.ts'

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

/** A limit of bcrypt that also holds in registry:2, and that a person might not expect. */
function noteOn(password: string): string {
  const bytes = Buffer.byteLength(password)
  return isReadWhole(password)
    ? ''
    : `this password has ${bytes} bytes, of which bcrypt reads the first ${longestPasswordBytes}: any that begins with them will do\n`
}
