/**
 * JSON read from its bytes, value by value, as RFC 8259 writes it. `JSON.parse` builds all that it is
 * sent, keeps the last of two equal keys and forgets how a number was written. Here the caller asks for
 * the values it wants; the others are checked and passed over, and nothing is built for them.
 */
import {
  closes,
  closing,
  goesOn,
  type JsonLimits,
  type Nested,
  open,
  passColon,
  passValue,
} from './json-nesting.ts'
import { kindAt, passBlanks, passNumber, passText, unexpected } from './json-scalars.ts'

export type Json = ReturnType<typeof createJson>

/** Every method throws a SyntaxError at the first byte of `bytes` that is no JSON, or beyond a limit. */
export function createJson(bytes: Buffer, limits: JsonLimits) {
  const nested: Nested = { bytes, at: 0, depth: 0, values: 0, limits }
  return {
    /** Of the value that comes next; to be asked before it is read by any of the others but `skip`. */
    kind: () => kindAt(nested),

    /** Calls `each` with every key; it has to read or skip the value. */
    object(each: (key: string) => void): void {
      open(nested)
      if (closes(nested, closing.object)) return
      do {
        const key = readKey(nested)
        passColon(nested)
        each(key)
      } while (goesOn(nested, closing.object))
    },

    /** Calls `each` for every item; it has to read or skip it. */
    list(each: (index: number) => void): void {
      open(nested)
      if (closes(nested, closing.list)) return
      let index = 0
      do each(index++)
      while (goesOn(nested, closing.list))
    },

    text: () => readText(nested),

    /** As it is written: 7.0 is not 7. */
    number(): string {
      const start = nested.at
      passNumber(nested)
      return bytes.toString('latin1', start, nested.at)
    },

    skip: () => passValue(nested),

    end(): void {
      passBlanks(nested)
      if (nested.at < bytes.length) throw unexpected(nested)
    },
  }
}

function readKey(nested: Nested): string {
  if (kindAt(nested) !== 'text') throw unexpected(nested)
  return readText(nested)
}

function readText(nested: Nested): string {
  const { bytes, at: start } = nested
  const isPlain = passText(nested)
  if (isPlain) return bytes.toString('utf8', start + 1, nested.at - 1)
  return JSON.parse(bytes.toString('utf8', start, nested.at)) as string
}
