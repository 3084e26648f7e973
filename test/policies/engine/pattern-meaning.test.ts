import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import {
  compilePatterns,
  faultOfRepositoryPattern,
  userPlace,
} from '../../../policies/engine/pattern.ts'
import { indexBySegment } from '../../../policies/engine/rule-index.ts'

/** The meaning of a pattern as docs/policies.md has it, segment by segment, with no regard to cost. */
function means(pattern: string[], name: string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return name.length === 0
  if (first === '**') return name.some((_, at) => means(rest, name.slice(at))) || means(rest, [])
  return name[0] !== undefined && fits(first, name[0]) && means(rest, name.slice(1))
}

function fits(pattern: string, segment: string): boolean {
  if (pattern === '') return segment === ''
  if (pattern.startsWith(userPlace)) {
    return (
      segment.startsWith(user) && fits(pattern.slice(userPlace.length), segment.slice(user.length))
    )
  }
  if (pattern[0] !== '*')
    return segment[0] === pattern[0] && fits(pattern.slice(1), segment.slice(1))
  return [...segment, ''].some((_, at) => fits(pattern.slice(1), segment.slice(at)))
}

const user = 'ab'

const joined = (parts: fc.Arbitrary<string>, maxLength: number) =>
  fc.array(parts, { minLength: 1, maxLength }).map((all) => all.join('/'))

const piece = fc.constantFrom('a', 'b', 'ab', '*', '.b', '-a', '1', userPlace)
const segment = fc.array(piece, { minLength: 1, maxLength: 3 }).map((all) => all.join(''))
const patterns = joined(
  fc.oneof(segment, fc.constantFrom('**', '*', 'a', 'b', userPlace)),
  4,
).filter((pattern) => faultOfRepositoryPattern(pattern) === undefined)
const names = joined(
  fc.constantFrom('a', 'b', 'ab', 'aa', 'ba', 'aab', 'a.b', 'b-a', '1', 'ab1', 'abab', 'ab-a'),
  5,
)

it('a pattern matches what it says, and nothing else', () => {
  fc.assert(
    fc.property(patterns, names, (pattern, name) => {
      const expected = means(pattern.split('/'), name.split('/'))
      expect(compilePatterns([pattern])(name, user)).toBe(expected)
    }),
    { numRuns: 5000 },
  )
})

it('no pattern that matches is left out of the index', () => {
  fc.assert(
    fc.property(fc.array(fc.array(patterns, { minLength: 1 })), names, (lists, name) => {
      const matching = (all: readonly string[][]) =>
        all.filter((list) => compilePatterns(list)(name, user))
      const find = indexBySegment(lists.map((list) => ({ patterns: list, item: list })))
      expect(new Set(matching(find(name)))).toEqual(new Set(matching(lists)))
    }),
    { numRuns: 1000 },
  )
})
