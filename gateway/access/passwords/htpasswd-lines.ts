/**
 * Reads the text of a htpasswd file: `name:hash` lines, of which only bcrypt hashes count. One line
 * that is wrong locks out nobody but its own user; each kind of fault makes one warning.
 */
import { highestUsefulCost, lowestCost } from './bcrypt-limits.ts'

export type ParsedHtpasswd = {
  /** The hash of each user who can log in. */
  users: ReadonlyMap<string, string>
  /** The user names whose hash nobody can use, and of what kind it is. */
  unusable: ReadonlyMap<string, string>
  /** Sentences that name users and lines, never a hash. */
  warnings: readonly string[]
}

const bcrypt = /^\$2[abxy]\$(\d\d)\$[./A-Za-z0-9]{53}$/
const highestCost = 31

/** The first row that a hash matches says what it is. */
const kinds: [RegExp, string][] = [
  [/^$/, 'no password'],
  [bcrypt, 'bcrypt of a cost that does not exist'],
  [/^\$2.?\$/, 'damaged bcrypt'],
  [/^\$(?:apr1|1)\$/, 'MD5'],
  [/^\{S?SHA\}/i, 'SHA-1'],
  [/^\$5\$/, 'SHA-256'],
  [/^\$6\$/, 'SHA-512'],
  [/^\$/, 'another hash'],
  [/^[./A-Za-z0-9]{13}$/, 'crypt or plain text'],
  [/^/, 'plain text'],
]

/** The sentence about each kind of fault, which the lines or users it was found at then follow. */
const faults = {
  colon: 'a line without a colon is skipped: line',
  name: 'a line is skipped because nobody could log in with its name: line',
  twice: 'a user is named twice, and the last line counts: user',
  unusable: 'only bcrypt hashes are accepted, so these cannot log in: user',
  slow: `a bcrypt cost above ${highestUsefulCost} makes a login take seconds: user`,
}
type Found = Record<keyof typeof faults, string[]>

export function parseHtpasswd(text: string): ParsedHtpasswd {
  const found: Found = { colon: [], name: [], twice: [], unusable: [], slow: [] }
  const users = new Map<string, string>()
  const unusable = new Map<string, string>()
  for (const [name, hash] of hashesOf(text, found)) {
    if (isUsable(hash)) {
      users.set(name, hash)
      if (costOf(hash) > highestUsefulCost) found.slow.push(`${name} (${costOf(hash)})`)
    } else {
      unusable.set(name, kindOf(hash))
      found.unusable.push(`${name} (${kindOf(hash)})`)
    }
  }
  return { users, unusable, warnings: warningsOf(found) }
}

/** The hash of each user: the text behind the colon, of the user's last line. */
function hashesOf(text: string, found: Found): Map<string, string> {
  const hashes = new Map<string, string>()
  for (const { number, name, hash } of linesOf(text)) {
    if (name === undefined) found.colon.push(`${number}`)
    else if (nameFault(name)) found.name.push(`${number}`)
    else {
      if (hashes.has(name)) found.twice.push(name)
      hashes.set(name, hash)
    }
  }
  return hashes
}

/** Lines that hold something, without the spaces around them; as registry:2 reads them. */
function linesOf(text: string): { number: number; name: string | undefined; hash: string }[] {
  return text
    .split('\n')
    .map((line, index) => ({ number: index + 1, line: line.trim() }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'))
    .map(({ number, line }) => ({ number, ...splitLine(line) }))
}

/** The name is undefined where there is no colon. */
export function splitLine(line: string): { name: string | undefined; hash: string } {
  const colon = line.indexOf(':')
  if (colon < 0) return { name: undefined, hash: '' }
  return { name: line.slice(0, colon), hash: line.slice(colon + 1) }
}

const longestNameBytes = 255

/** Why nobody can have this name; undefined for a good one. */
export function nameFault(name: string): string | undefined {
  if (name === '') return 'a name may not be empty'
  if (name.includes(':')) return 'a name may not have a colon'
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) return 'a name may not have control characters'
  if (!name.isWellFormed()) return 'a name must be valid text'
  if (name !== name.trim()) return 'a name may not begin or end with a space'
  if (name.startsWith('#')) return 'a name may not begin with #'
  if (Buffer.byteLength(name) > longestNameBytes)
    return `a name has ${longestNameBytes} bytes at most`
  return undefined
}

export function costOf(hash: string): number {
  return Number(bcrypt.exec(hash)?.[1] ?? 0)
}

function isUsable(hash: string): boolean {
  return costOf(hash) >= lowestCost && costOf(hash) <= highestCost
}

function kindOf(hash: string): string {
  return kinds.find(([pattern]) => pattern.test(hash))?.[1] ?? 'plain text'
}

const mostNamed = 20

/** One for each kind of fault that was found. */
function warningsOf(found: Found): string[] {
  return Object.entries(faults).flatMap(([fault, sentence]) => {
    const places = found[fault as keyof typeof faults]
    if (places.length === 0) return []
    const others = places.length > mostNamed ? ` and ${places.length - mostNamed} more` : ''
    return [`${sentence} ${places.slice(0, mostNamed).join(', ')}${others}`]
  })
}
