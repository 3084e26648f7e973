import { describe, expect, it } from '@jest/globals'
import { originsOf, toPlain } from '../../config/tree.ts'
import { parseYaml } from '../../config/yaml.ts'

const parse = (text: string) => parseYaml(text, (line, column) => [line, column].join(':'))

const laughs = Array.from({ length: 10 }, (_, at) =>
  at === 0
    ? 'a0: &a0 [x]'
    : `a${at}: &a${at} [${Array(9)
        .fill(`*a${at - 1}`)
        .join(', ')}]`,
).join('\n')

describe('the YAML of a configuration', () => {
  it.each([
    ['a: 0123', { a: '0123' }],
    ['a: 1e5', { a: '1e5' }],
    ['a: "no"', { a: 'no' }],
    ['a: [x, 1]', { a: ['x', '1'] }],
    ['{"a": {b: c}}', { a: { b: 'c' } }],
    ['a: "null"', { a: 'null' }],
    ['a: &x {b: 1}\nc: *x', { a: { b: '1' }, c: { b: '1' } }],
    ['a: &x {b: 1, c: 2}\nd: {<<: *x, c: 3}', { a: { b: '1', c: '2' }, d: { b: '1', c: '3' } }],
    [
      'a: &x {b: 1}\nc: &y {b: 2}\nd: {<<: [*x, *y]}',
      { a: { b: '1' }, c: { b: '2' }, d: { b: '1' } },
    ],
    ['"<<": {a: b}', { '<<': { a: 'b' } }],
    ['a: |\n  b\n  c\n', { a: 'b\nc\n' }],
    ['\ufeffa: b', { a: 'b' }],
    ['', undefined],
  ])('%j', (text, plain) => {
    expect(toPlain(parse(text))).toEqual(plain)
  })

  it.each(['', '~', 'null', '""', "''"])('takes %j for nothing', (nothing) => {
    expect(toPlain(parse(`a: ${nothing}`))).toEqual({ a: undefined })
  })

  it('knows the line of every key and item', () => {
    const origins = originsOf(parse('a:\n  b: c\nd:\n  - e\n  -\n    f: g\n'))
    expect(Object.fromEntries(origins)).toEqual({
      a: '1:',
      'a.b': '2:',
      d: '3:',
      'd.0': '4:',
      'd.1': '6:',
      'd.1.f': '6:',
    })
  })

  it.each([
    ['a: b: c', '1:4: this is not valid YAML'],
    ['a: 1\na: 2', '2:1: this is not valid YAML: Map keys must be unique'],
    ['a: [b', 'this is not valid YAML'],
    ['a: 1\n---\nb: 2', '2:1: this is not valid YAML'],
    ['a: *b', '1:4: this alias has no anchor; text that begins with * has to be in quotes'],
    ['a: &b [*b]', 'this is nested too deeply'],
  ])('refuses %j', (text, message) => {
    expect(() => parse(text)).toThrow(message)
  })

  it.each(['a: [*]', 'a: *', 'a: [**]', 'a: [*/app]', 'a: [x, *, y]', 'a: {b: * }'])(
    'has a hint about quotes for %j',
    (text) => {
      expect(() => parse(text)).toThrow('text that begins with * has to be in quotes, as in ["*"]')
    },
  )

  it.each(['a: [@x]', 'a: `x', 'a: [%x]'])('has one for %j too', (text) => {
    expect(() => parse(text)).toThrow('has to be in quotes')
  })

  /** Each is small, and stands for more than fits in memory or takes longer than anybody waits. */
  const bombs: [what: string, text: string, said: string][] = [
    ['aliases of aliases', laughs, 'holds more than 100000 values'],
    ['merges of merges', laughs.replaceAll('[', '{<<: [').replaceAll(']', ']}'), 'holds more than'],
    ['many aliases of one', `a: &a {b: c}\nd: [${'*a,'.repeat(20_000)}]`, 'more than 500 aliases'],
    ['aliases without an anchor', `d: [${'*a,'.repeat(20_000)}]`, 'this alias has no anchor'],
    ['depth', '['.repeat(100_000), 'nested too deeply'],
    ['depth that is closed', '['.repeat(50_000) + ']'.repeat(50_000), 'nested too deeply'],
    ['bytes', `a: ${'b'.repeat(2 ** 20)}`, 'more than 1048576 bytes'],
    ['values', `a: [${'b,'.repeat(200_000)}]`, 'holds more than 100000 values'],
    ['itself', 'a: &a {b: {c: *a}}', 'nested too deeply'],
  ]
  it.each(bombs)('is refused when it holds a bomb of %s', (_what, text, said) => {
    const message = messageOf(() => parse(text))
    expect(message).toContain(said)
    expect(message.length).toBeLessThan(10_000)
  })

  it('may have many keys, each of which is looked at once', () => {
    const text = Array.from({ length: 30_000 }, (_, at) => `k${at}: v`).join('\n')
    expect(() => parse(text)).not.toThrow()
    expect(() => parse(`${text}\nk7: again`)).toThrow('30001:1: this is not valid YAML: Map keys')
  })

  it.each(['a: |hunter2\n b', '- a\nhunter2', 'a: "x" hunter2', 'a: "\\hunter2"', 'a: *hunter2'])(
    'does not quote the source of %j',
    (text) => {
      expect(messageOf(() => parse(text))).not.toContain('hunter')
    },
  )
})

function messageOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return (error as Error).message
  }
  return ''
}
