/**
 * The values of JSON that hold no others, as RFC 8259 writes them: each function checks the one that
 * begins at the cursor and passes it. The cursor stands on a local number inside a loop: texts are most
 * of the bytes of a manifest, and it is written back once for each.
 */

export type Kind = 'object' | 'list' | 'text' | 'number' | 'boolean' | 'null'
export type Scalar = Exclude<Kind, 'object' | 'list'>
/** `at` is the first byte that is not read yet. */
export type Cursor = { readonly bytes: Buffer; at: number }

export const byte = (character: string) => character.charCodeAt(0)

const [quote, backslash] = [byte('"'), byte('\\')]
const [minus, plus, point, zero, nine] = [byte('-'), byte('+'), byte('.'), byte('0'), byte('9')]

const words: Record<number, Buffer> = Object.fromEntries(
  ['true', 'false', 'null'].map((word) => [byte(word), Buffer.from(word)]),
)

/** The kind of a value, by its first byte. */
const kinds: (Kind | undefined)[] = Array.from({ length: 256 })
const beginnings: Record<Kind, string> = {
  object: '{',
  list: '[',
  text: '"',
  number: '-0123456789',
  boolean: 'tf',
  null: 'n',
}
for (const [kind, characters] of Object.entries(beginnings)) {
  for (const character of characters) kinds[byte(character)] = kind as Kind
}

const escapes = new Set([...'"\\/bfnrt'].map(byte))
const unicode = byte('u')
const isHex = (code = 0) => /[0-9a-fA-F]/.test(String.fromCharCode(code))
const isDigit = (code = 0) => code >= zero && code <= nine
const isE = (code = 0) => (code | 0x20) === byte('e')

/** Of the value that comes next. */
export function kindAt(cursor: Cursor): Kind {
  passBlanks(cursor)
  const found = kinds[cursor.bytes[cursor.at] ?? 0]
  if (!found) throw unexpected(cursor)
  return found
}

export function passScalar(cursor: Cursor, kind: Scalar): void {
  if (kind === 'text') passText(cursor)
  else if (kind === 'number') passNumber(cursor)
  else passWord(cursor)
}

/** Whether nothing in it is escaped. */
export function passText(cursor: Cursor): boolean {
  const { bytes } = cursor
  let isPlain = true
  let at = cursor.at + 1
  for (let code = bytes[at]; code !== quote; code = bytes[at]) {
    if (code === undefined || code < 0x20) throw unexpected({ bytes, at })
    at++
    if (code !== backslash) continue
    isPlain = false
    at = afterEscape(bytes, at)
  }
  cursor.at = at + 1
  return isPlain
}

function afterEscape(bytes: Buffer, start: number): number {
  const code = bytes[start] ?? 0
  if (code !== unicode && !escapes.has(code)) throw unexpected({ bytes, at: start })
  let at = start + 1
  if (code !== unicode) return at
  for (const last = at + 4; at < last; at++) if (!isHex(bytes[at])) throw unexpected({ bytes, at })
  return at
}

export function passNumber(cursor: Cursor): void {
  const { bytes } = cursor
  if (bytes[cursor.at] === minus) cursor.at++
  if (bytes[cursor.at] === zero) cursor.at++
  else passDigits(cursor)
  if (bytes[cursor.at] === point) {
    cursor.at++
    passDigits(cursor)
  }
  if (!isE(bytes[cursor.at])) return
  cursor.at++
  if (bytes[cursor.at] === plus || bytes[cursor.at] === minus) cursor.at++
  passDigits(cursor)
}

function passDigits(cursor: Cursor): void {
  const { bytes } = cursor
  if (!isDigit(bytes[cursor.at])) throw unexpected(cursor)
  while (isDigit(bytes[cursor.at])) cursor.at++
}

function passWord(cursor: Cursor): void {
  const { bytes } = cursor
  for (const code of words[bytes[cursor.at] ?? 0] ?? []) {
    if (bytes[cursor.at] !== code) throw unexpected(cursor)
    cursor.at++
  }
}

export function passBlanks(cursor: Cursor): void {
  const { bytes } = cursor
  let { at } = cursor
  let code = bytes[at]
  while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = bytes[++at]
  cursor.at = at
}

export function unexpected({ bytes, at }: Cursor): SyntaxError {
  if (at >= bytes.length) return new SyntaxError('not JSON: it breaks off')
  const found = JSON.stringify(String.fromCharCode(bytes[at] ?? 0))
  return new SyntaxError(`not JSON: ${found} is not expected at byte ${at}`)
}
