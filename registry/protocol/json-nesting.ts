/**
 * The brackets, commas and colons of JSON, the limits on them, and how a whole value is passed over, with
 * all the values in it.
 */
import {
  byte,
  type Cursor,
  kindAt,
  passBlanks,
  passScalar,
  passText,
  unexpected,
} from './json-scalars.ts'

export type JsonLimits = {
  /** How deep lists and objects may lie in each other. */
  depth: number
  /** How many values there may be, those counted that lie in others. */
  values: number
}

/** A cursor that also knows how deep it is, and how many values it has met. */
export type Nested = Cursor & { depth: number; values: number; readonly limits: JsonLimits }

const [comma, colon] = [byte(','), byte(':')]
export const closing = { object: byte('}'), list: byte(']') }

export function open(nested: Nested): void {
  const { limits } = nested
  nested.at++
  nested.depth++
  if (nested.depth > limits.depth) {
    throw new SyntaxError(`nested deeper than ${limits.depth} levels`)
  }
  count(nested)
}

function count(nested: Nested): void {
  nested.values++
  if (nested.values > nested.limits.values) {
    throw new SyntaxError(`more than ${nested.limits.values} values`)
  }
}

/** Passes the closing bracket, if it comes next. */
export function closes(nested: Nested, close: number): boolean {
  passBlanks(nested)
  if (nested.bytes[nested.at] !== close) return false
  nested.at++
  nested.depth--
  return true
}

/** Passes the closing bracket or a comma: whether there is one more value before the bracket. */
export function goesOn(nested: Nested, close: number): boolean {
  if (closes(nested, close)) return false
  if (nested.bytes[nested.at] !== comma) throw unexpected(nested)
  nested.at++
  count(nested)
  return true
}

export function passColon(nested: Nested): void {
  passBlanks(nested)
  if (nested.bytes[nested.at] !== colon) throw unexpected(nested)
  nested.at++
}

/** Does not recurse, so that depth costs no stack. */
export function passValue(nested: Nested): void {
  const closers: number[] = []
  do {
    passDown(nested, closers)
    passUp(nested, closers)
  } while (closers.length > 0)
}

/** To the end of the first value that holds no other. */
function passDown(nested: Nested, closers: number[]): void {
  let found = kindAt(nested)
  for (; found === 'object' || found === 'list'; found = kindAt(nested)) {
    open(nested)
    if (closes(nested, closing[found])) return
    closers.push(closing[found])
    if (found === 'object') passKey(nested)
  }
  passScalar(nested, found)
}

/** Past all that ends here, to where the next value begins. */
function passUp(nested: Nested, closers: number[]): void {
  for (let close = closers.at(-1); close !== undefined; close = closers.at(-1)) {
    if (goesOn(nested, close)) {
      if (close === closing.object) passKey(nested)
      return
    }
    closers.pop()
  }
}

function passKey(nested: Nested): void {
  if (kindAt(nested) !== 'text') throw unexpected(nested)
  passText(nested)
  passColon(nested)
}
