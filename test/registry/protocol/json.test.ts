/** JSON read value by value: the same is JSON as for JSON.parse, and numbers stay as they were written. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { createJson, type Json } from '../../../registry/protocol/json.ts'
import { thrownBy } from './arbitrary.ts'

const open = (text: string, limits = { depth: 100, values: 10_000 }) =>
  createJson(Buffer.from(text), limits)

/** All of it, as JSON.parse would build it. */
function build(json: Json): unknown {
  const kind = json.kind()
  if (kind === 'object') return buildObject(json)
  if (kind === 'list') return buildList(json)
  if (kind === 'text') return json.text()
  if (kind === 'number') return Number(json.number())
  json.skip()
  return kind
}

function buildObject(json: Json): unknown {
  const found: [string, unknown][] = []
  json.object((key) => found.push([key, build(json)]))
  return Object.fromEntries(found)
}

function buildList(json: Json): unknown {
  const found: unknown[] = []
  json.list(() => found.push(build(json)))
  return found
}

/** Booleans and null as what `build` makes of them. */
const parse = (text: string) =>
  JSON.parse(text, (_key, value: unknown) => {
    if (value === null) return 'null'
    return typeof value === 'boolean' ? 'boolean' : value
  })

function readWhole(text: string, read: (json: Json) => unknown): unknown {
  const json = open(text)
  const found = read(json)
  json.end()
  return found
}

/** Text that is nearly JSON: a document with a few characters changed, or pieces in any order. */
const pieces = fc.constantFrom(
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '"a"', '""', '0', '-', '1.5', '.', 'e', 'E+', '00'],
  ...['true', 'null', 'nul', 'fals', ' ', '\n', '\t', '\f', '\u0000', '\\u00e', '"\\u0061"'],
  ...['"\\x"', '"\\ud83d"', 'é', '//', '-0', '1e5', '01', '1.', '.5', '+1', 'NaN', "'"],
)
const damaged = fc
  .tuple(fc.json(), fc.nat(), pieces)
  .map(([text, at, piece]) => text.slice(0, at % (text.length + 1)) + piece + text.slice(at % 7))
const nearly = fc.oneof(
  fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.array(pieces, { maxLength: 6 }).map((parts) => `[${parts.join(',')}]`),
  damaged,
)

describe('a document', () => {
  it('is built as JSON.parse builds it', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        expect(readWhole(text, build)).toEqual(parse(text))
      }),
      { numRuns: 1000 },
    )
  })

  it('is JSON to us whenever it is to JSON.parse, whether it is read or skipped', () => {
    fc.assert(
      fc.property(nearly, (text) => {
        const isJson = thrownBy(() => JSON.parse(text)) === undefined
        for (const read of [build, (json: Json) => json.skip()]) {
          const error = thrownBy(() => readWhole(text, read))
          expect(error === undefined || error instanceof SyntaxError).toBe(true)
          expect([text, error === undefined]).toEqual([text, isJson])
        }
      }),
      { numRuns: 2000 },
    )
  })
})

it.each(['7', '7.0', '7e0', '-0', '1e400', '9'.repeat(400)])('a number stays %.20s', (written) => {
  const found: string[] = []
  const json = open(`{"a": ${written}}`)
  json.object(() => found.push(json.kind(), json.number()))
  expect(found).toEqual(['number', written])
})

describe('a limit', () => {
  it.each(['[[[]]]', '{"a":{"b":{}}}', '[{"a":[1]}]'])('holds for the depth of %s', (text) => {
    for (const read of [build, (json: Json) => json.skip()]) {
      expect(thrownBy(() => read(open(text, { depth: 3, values: 100 })))).toBeUndefined()
      const error = thrownBy(() => read(open(text, { depth: 2, values: 100 })))
      expect(error).toEqual(new SyntaxError('nested deeper than 2 levels'))
    }
  })

  it.each(['[1,2,3,4]', '{"a":1,"b":2,"c":3,"d":4}', '[[[[]]]]', '[{},[],""]'])(
    'holds for the number of values in %s',
    (text) => {
      for (const read of [build, (json: Json) => json.skip()]) {
        expect(thrownBy(() => read(open(text, { depth: 9, values: 5 })))).toBeUndefined()
        const error = thrownBy(() => read(open(text, { depth: 9, values: 3 })))
        expect(error).toEqual(new SyntaxError('more than 3 values'))
      }
    },
  )
})
