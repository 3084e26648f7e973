import { describe, expect, it } from '@jest/globals'
import { originsOf, toPlain } from '../../config/tree.ts'
import { parseYaml } from '../../config/yaml.ts'

const parse = (text: string) => parseYaml(text, (line, column) => [line, column].join(':'))

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
    ['a: *b', '1:4: this alias has no anchor; text that begins with * has to be in quotes'],
  ])('refuses %j with the place and a hint', (text, message) => {
    expect(() => parse(text)).toThrow(message)
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
