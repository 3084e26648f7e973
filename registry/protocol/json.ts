/**
 * JSON read from its bytes, value by value, as RFC 8259 writes it. `JSON.parse` builds all that it is
 * sent, keeps the last of two equal keys and forgets how a number was written. Here the caller asks for
 * the values it wants; the others are checked and passed over, and nothing is built for them.
 */

export type Kind = 'object' | 'list' | 'text' | 'number' | 'boolean' | 'null'
export type Json = ReturnType<typeof createJson>

const byte = (character: string) => character.charCodeAt(0)

const [quote, backslash, comma, colon] = [byte('"'), byte('\\'), byte(','), byte(':')]
const [minus, plus, point, zero, nine] = [byte('-'), byte('+'), byte('.'), byte('0'), byte('9')]
const closing = { object: byte('}'), list: byte(']') }

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

export type JsonLimits = {
  /** How deep lists and objects may lie in each other. */
  depth: number
  /** How many values there may be, those counted that lie in others. */
  values: number
}

/** Whatever reads `bytes` throws a SyntaxError at the first place that is no JSON, or beyond a limit. */
export function createJson(bytes: Buffer, limits: JsonLimits) {
  let at = 0
  let depth = 0
  let values = 0
  return { kind, object, list, text, number, skip, end }

  /** Of the value that comes next; to be asked before it is read by any of the others but `skip`. */
  function kind(): Kind {
    passBlanks()
    const found = kinds[bytes[at] ?? 0]
    if (!found) throw unexpected()
    return found
  }

  /** Calls `each` with every key; it has to read or skip the value. */
  function object(each: (key: string) => void): void {
    open()
    if (closes(closing.object)) return
    do {
      const key = textAtKey()
      passColon()
      each(key)
    } while (goesOn(closing.object))
  }

  /** Calls `each` for every item; it has to read or skip it. */
  function list(each: (index: number) => void): void {
    open()
    if (closes(closing.list)) return
    let index = 0
    do each(index++)
    while (goesOn(closing.list))
  }

  function text(): string {
    const start = at
    const isPlain = passText()
    if (isPlain) return bytes.toString('utf8', start + 1, at - 1)
    return JSON.parse(bytes.toString('utf8', start, at)) as string
  }

  /** As it is written: 7.0 is not 7. */
  function number(): string {
    const start = at
    passNumber()
    return bytes.toString('latin1', start, at)
  }

  /** Does not recurse, so that depth costs no stack. */
  function skip(): void {
    const closers: number[] = []
    do {
      passDown(closers)
      passUp(closers)
    } while (closers.length > 0)
  }

  function end(): void {
    passBlanks()
    if (at < bytes.length) throw unexpected()
  }

  /** To the end of the first value that holds no other. */
  function passDown(closers: number[]): void {
    let found = kind()
    for (; found === 'object' || found === 'list'; found = kind()) {
      open()
      if (closes(closing[found])) return
      closers.push(closing[found])
      if (found === 'object') passKey()
    }
    passScalar(found)
  }

  /** Past all that ends here, to where the next value begins. */
  function passUp(closers: number[]): void {
    for (let close = closers.at(-1); close !== undefined; close = closers.at(-1)) {
      if (goesOn(close)) {
        if (close === closing.object) passKey()
        return
      }
      closers.pop()
    }
  }

  function open(): void {
    at++
    depth++
    if (depth > limits.depth) throw new SyntaxError(`nested deeper than ${limits.depth} levels`)
    count()
  }

  function count(): void {
    if (++values > limits.values) throw new SyntaxError(`more than ${limits.values} values`)
  }

  function closes(close: number): boolean {
    passBlanks()
    if (bytes[at] !== close) return false
    at++
    depth--
    return true
  }

  function goesOn(close: number): boolean {
    if (closes(close)) return false
    if (bytes[at] !== comma) throw unexpected()
    at++
    count()
    return true
  }

  function textAtKey(): string {
    if (kind() !== 'text') throw unexpected()
    return text()
  }

  function passKey(): void {
    if (kind() !== 'text') throw unexpected()
    passText()
    passColon()
  }

  function passColon(): void {
    passBlanks()
    if (bytes[at] !== colon) throw unexpected()
    at++
  }

  function passScalar(found: Kind): void {
    if (found === 'text') passText()
    else if (found === 'number') passNumber()
    else passWord()
  }

  /** Whether nothing in it is escaped. */
  function passText(): boolean {
    let isPlain = true
    at++
    for (let code = bytes[at]; code !== quote; code = bytes[at]) {
      if (code === undefined || code < 0x20) throw unexpected()
      at++
      if (code !== backslash) continue
      isPlain = false
      passEscape()
    }
    at++
    return isPlain
  }

  function passEscape(): void {
    const code = bytes[at] ?? 0
    if (code !== unicode && !escapes.has(code)) throw unexpected()
    at++
    if (code !== unicode) return
    for (const last = at + 4; at < last; at++) if (!isHex(bytes[at])) throw unexpected()
  }

  function passNumber(): void {
    if (bytes[at] === minus) at++
    if (bytes[at] === zero) at++
    else passDigits()
    if (bytes[at] === point) {
      at++
      passDigits()
    }
    if (!isE(bytes[at])) return
    at++
    if (bytes[at] === plus || bytes[at] === minus) at++
    passDigits()
  }

  function passDigits(): void {
    if (!isDigit(bytes[at])) throw unexpected()
    while (isDigit(bytes[at])) at++
  }

  function passWord(): void {
    for (const code of words[bytes[at] ?? 0] ?? []) {
      if (bytes[at] !== code) throw unexpected()
      at++
    }
  }

  function passBlanks(): void {
    let code = bytes[at]
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) code = bytes[++at]
  }

  function unexpected(): SyntaxError {
    if (at >= bytes.length) return new SyntaxError('not JSON: it breaks off')
    const found = JSON.stringify(String.fromCharCode(bytes[at] ?? 0))
    return new SyntaxError(`not JSON: ${found} is not expected at byte ${at}`)
  }
}
