/** The place of a value: its own, that of its key, or of the nearest thing around it. */
import { describe, expect, it } from '@jest/globals'
import { placeText, type Steps } from '../../documents/position.ts'
import { readYaml } from '../../documents/yaml.ts'

const text = `# rules
rules:
  - name: one
    who: [alice, bob]
  - &two
    name: two
again: *two
empty:
`
const { places } = readYaml(text)
const written = ({ line, column }: { line: number; column: number }) => `${line}:${column}`

describe('a value', () => {
  const rows: [steps: Steps, place: string][] = [
    [[], '2:1'],
    [['rules'], '3:3'],
    [['rules', 0], '3:5'],
    [['rules', 0, 'who', 1], '4:18'],
    [['rules', 1, 'name'], '6:11'],
    // An alias is where it is written, and what is inside it where its anchor is.
    [['again'], '7:8'],
    [['again', 'name'], '6:11'],
  ]
  it.each(rows)('%j has the place %s', (steps, place) => {
    expect(written(places.of(steps))).toBe(place)
  })
})

it('a key has a place of its own', () => {
  expect(written(places.ofKey(['rules', 0, 'who']))).toBe('4:5')
  expect(written(places.ofKey(['again']))).toBe('7:1')
})

it.each([
  [['rules', 0, 'effect'], '3:5'],
  [['rules', 7], '3:3'],
  [['rules', 0, 'who', 0, 'deeper'], '4:11'],
] satisfies [Steps, string][])(
  'without %j, the place is that of what is around it',
  (steps, place) => {
    expect(written(places.of(steps))).toBe(place)
    expect(written(places.ofKey(steps))).toBe(place)
  },
)

it.each(['', '# nothing'])(
  'a document without any value begins in its first line: %j',
  (nothing) => {
    expect(readYaml(nothing).places.of([])).toEqual({ line: 1, column: 1 })
  },
)

it('a place is written as editors and compilers do', () => {
  expect(placeText({ file: 'a.yaml', line: 12, column: 4 })).toBe('a.yaml:12:4')
})
