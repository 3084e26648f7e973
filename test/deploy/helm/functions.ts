/** The functions of Go's templates, of Sprig and of Helm that the chart calls. */
import { createHash } from 'node:crypto'
import { parse, stringify } from 'yaml'

type Map = Record<string, unknown>

/** As Go sees it: empty text, lists and maps are false too. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  if (value !== null && typeof value === 'object') return Object.keys(value).length > 0
  return Boolean(value)
}

export const textOf = (value: unknown): string =>
  value === undefined || value === null ? '' : `${value}`

function isMap(value: unknown): value is Map {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/** `over` counts more; both stay as they are. */
export function merge(base: Map, over: Map): Map {
  const merged = { ...base }
  for (const [key, value] of Object.entries(over)) {
    const before = merged[key]
    merged[key] = isMap(before) && isMap(value) ? merge(before, value) : value
  }
  return merged
}

function indent(spaces: number, text: string): string {
  return text.replaceAll(/^/gm, ' '.repeat(spaces))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  )
}

function yaml(value: unknown): string {
  return stringify(sorted(value), { lineWidth: 0 }).trimEnd()
}

function printf(format: string, ...args: unknown[]): string {
  return format.replaceAll(/%s/g, () => textOf(args.shift()))
}

function dict(...pairs: unknown[]): Map {
  const entries = pairs.flatMap((key, at) => (at % 2 === 0 ? [[textOf(key), pairs[at + 1]]] : []))
  return Object.fromEntries(entries)
}

function index(value: unknown, key: unknown): unknown {
  if (!isMap(value)) throw new Error(`there is no ${key} in ${value}`)
  return value[textOf(key)]
}

/** Each checks what it is given only as far as Go would. */
export const functions: Record<string, (...args: never[]) => unknown> = {
  value: (it) => it,
  toYaml: yaml,
  fromYaml: (text: string) => parse(text),
  quote: (it) => JSON.stringify(textOf(it)),
  default: (otherwise, it) => (isTrue(it) ? it : otherwise),
  printf,
  trunc: (length: number, text: string) => text.slice(0, length),
  trimSuffix: (end: string, text: string) =>
    text.endsWith(end) ? text.slice(0, text.length - end.length) : text,
  contains: (part: string, text: string) => text.includes(part),
  nindent: (spaces: number, text: string) => `\n${indent(spaces, text)}`,
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  not: (it) => !isTrue(it),
  and: (...all) => all.find((it) => !isTrue(it)) ?? all.at(-1),
  or: (...all) => all.find(isTrue) ?? all.at(-1),
  list: (...items) => items,
  dict,
  index,
  ternary: (yes, no, test) => (test ? yes : no),
  add: (...numbers: number[]) => numbers.reduce((sum, it) => sum + it, 0),
  sha256sum: (text: string) => createHash('sha256').update(text).digest('hex'),
  b64enc: (text: string) => Buffer.from(text).toString('base64'),
  randAlphaNum: (length: number) => 'r'.repeat(length),
  mergeOverwrite: merge,
  fail: (message: string) => {
    throw new Error(message)
  },
}
