/** YAML that somebody edits: what is refused of it, with a hint, and that no small text costs much. */
import { describe, expect, it } from '@jest/globals'
import { isAlias, isMap } from 'yaml'
import { mostYamlBytes, readYaml } from '../../documents/yaml.ts'

const laughs = Array.from({ length: 10 }, (_, at) =>
  at === 0
    ? 'a0: &a0 [x]'
    : `a${at}: &a${at} [${Array(9)
        .fill(`*a${at - 1}`)
        .join(', ')}]`,
).join('\n')

/** Each fault as a line: where, what, and the hint. */
function faultsOf(text: string): string[] {
  const { faults, places } = readYaml(text)
  return faults.map(({ offset, message, hint }) => {
    const { line, column } = places.at(offset)
    return `${line}:${column}: ${message}${hint === undefined ? '' : `; ${hint}`}`
  })
}

it('every scalar stays the text that was written', () => {
  const text = 'a: 0123\nb: 1e5\nc: no\nd: ~\ne: 1.10\n'
  const written = { a: '0123', b: '1e5', c: 'no', d: '~', e: '1.10' }
  expect(readYaml(text).document.toJS()).toEqual(written)
})

it('an alias leads to the node it stands for', () => {
  const { document, targetOf } = readYaml('a: &x {b: 1}\nc: *x')
  const [first, second] = isMap(document.contents) ? document.contents.items : []
  const alias = second?.value
  expect(isAlias(alias) && targetOf(alias)).toBe(first?.value)
})

describe('text that is no document', () => {
  it.each([
    ['a: b: c', '1:4: this is not valid YAML'],
    ['a: 1\na: 2', '2:1: this is not valid YAML: Map keys must be unique'],
    ['a: [b', 'this is not valid YAML'],
    ['a: 1\n---\nb: 2', '2:1: this is not valid YAML'],
    ['a: *b', '1:4: this alias has no anchor; text that begins with * has to be in quotes'],
    ['a: &b [*b]', 'this is nested too deeply: it contains itself'],
  ])('is refused: %j', (text, fault) => {
    expect(faultsOf(text).join('\n')).toContain(fault)
  })

  it.each(['a: [*]', 'a: *', 'a: [**]', 'a: [*/app]', 'a: [x, *, y]', 'a: {b: * }'])(
    'has a hint about quotes for %j',
    (text) => {
      const hint = 'text that begins with * has to be in quotes, as in ["*"]'
      expect(faultsOf(text).join('\n')).toContain(hint)
    },
  )

  it.each(['a: [@x]', 'a: `x', 'a: [%x]', 'a: [x{y}z]'])('has one for %j too', (text) => {
    expect(faultsOf(text).join('\n')).toContain('has to be in quotes')
  })
})

describe('a text that costs much', () => {
  /** Each is small, and stands for more than fits in memory or takes longer than anybody waits. */
  const bombs: [what: string, text: string, said: string][] = [
    ['aliases of aliases', laughs, 'holds more than 100000 values'],
    ['merges of merges', laughs.replaceAll('[', '{<<: [').replaceAll(']', ']}'), 'holds more than'],
    ['many aliases of one', `a: &a {b: c}\nd: [${'*a,'.repeat(20_000)}]`, 'more than 500 aliases'],
    ['aliases without an anchor', `d: [${'*a,'.repeat(20_000)}]`, 'this alias has no anchor'],
    ['depth', '['.repeat(100_000), 'nested too deeply'],
    ['depth that is closed', '['.repeat(50_000) + ']'.repeat(50_000), 'nested too deeply'],
    ['bytes', `a: ${'b'.repeat(mostYamlBytes)}`, '1:1: this has more than 1048576 bytes'],
    ['values', `a: [${'b,'.repeat(101_000)}]`, 'holds more than 100000 values'],
    ['itself', 'a: &a {b: {c: *a}}', 'nested too deeply'],
    ['errors', 'a: b: c\n'.repeat(1_000), 'this is not valid YAML'],
  ]
  it.each(bombs)('is refused when it is one of %s', (_what, text, said) => {
    const faults = faultsOf(text)
    expect(faults.join('\n')).toContain(said)
    expect(faults.length).toBeLessThanOrEqual(20)
    expect(faults.join('\n').length).toBeLessThan(10_000)
  })

  it('is not one of many keys, each of which is looked at once', () => {
    const text = Array.from({ length: 30_000 }, (_, at) => `k${at}: v`).join('\n')
    expect(faultsOf(`${text}\nk7: again`)).toEqual([
      '30001:1: this is not valid YAML: Map keys must be unique',
    ])
  })
})
