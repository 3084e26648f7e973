import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseNetwork } from '../../../network/range.ts'
import { actions, type Question } from '../../../policies/engine/decision.ts'
import { compilePolicy } from '../../../policies/engine/evaluate.ts'
import { userPlace } from '../../../policies/engine/pattern.ts'
import type { PlacedRule } from '../../../policies/engine/schema.ts'
import { file, policyOf, rule } from './written.ts'

const some = <T>(...values: T[]) =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 })

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

const rules: fc.Arbitrary<PlacedRule> = fc.record({
  name: fc.string(),
  effect: fc.constantFrom('allow' as const, 'deny' as const),
  who: some('*', 'anonymous', 'authenticated', 'user:ann', 'user:bob', 'group:ops', 'group:dev'),
  repositories: some('**', 'a', 'a/**', '*/b', 'a/*', '**/c', `home/${userPlace}/**`, userPlace),
  actions: some(...actions, '*' as const),
  tags: maybe(some('v*', 'v1', '*', '*-x')),
  from: maybe(some(...['10.0.0.0/8', '::/0', '10.1.0.0/16'].map(parseNetwork))),
  file: fc.constant('a.yaml'),
  line: fc.nat(),
})

const questions: fc.Arbitrary<Question> = fc.record({
  name: maybe(fc.constantFrom('ann', 'bob', 'ops', '', '*', 'a/b')),
  groups: fc.subarray(['ops', 'dev', 'qa']),
  action: fc.constantFrom(...actions),
  repository: fc.constantFrom('a', 'a/b', 'a/b/c', 'home/ann/x', 'home/bob', 'ann', 'bob', 'x'),
  tag: maybe(fc.constantFrom('v1', 'v2', 'latest', 'a-x')),
  address: maybe(fc.constantFrom('10.1.2.3', '10.2.2.3', '192.0.2.1', '2001:db8::1')),
})

const groups = { ops: ['ann'], dev: ['bob'] }

describe('a policy', () => {
  it('never allows more for a rule that denies', () => {
    const denial = rules.map((it) => ({ ...it, effect: 'deny' as const }))
    fc.assert(
      fc.property(fc.array(rules), denial, questions, (before, added, question) => {
        const without = compilePolicy([file(before, groups)])
        const more = compilePolicy([file([...before, added], groups)])
        expect(Number(more(question).allowed)).toBeLessThanOrEqual(
          Number(without(question).allowed),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('never allows less for a rule that allows', () => {
    const grant = rules.map((it) => ({ ...it, effect: 'allow' as const }))
    fc.assert(
      fc.property(fc.array(rules), grant, questions, (before, added, question) => {
        const without = compilePolicy([file(before, groups)])
        const more = compilePolicy([file([...before, added], groups)])
        expect(Number(more(question).allowed)).toBeGreaterThanOrEqual(
          Number(without(question).allowed),
        )
      }),
      { numRuns: 500 },
    )
  })

  it('says of nobody that they see all from whom it hides something', () => {
    fc.assert(
      fc.property(fc.array(rules), questions, (all, question) => {
        const policy = compilePolicy([file(all, groups)])
        const isSeen = policy({ ...question, action: 'list' }).allowed
        expect(isSeen || policy.showsAll?.(question)).toBe(isSeen)
      }),
      { numRuns: 2000 },
    )
  })

  it('does not depend on the order of rules, or on the files they are in', () => {
    const shuffled = fc
      .array(rules, { minLength: 1 })
      .chain((all) =>
        fc.tuple(
          fc.constant(all),
          fc.shuffledSubarray(all, { minLength: all.length }),
          fc.nat(all.length),
        ),
      )
    fc.assert(
      fc.property(shuffled, questions, ([all, other, at], question) => {
        const one = compilePolicy([file(all, groups)])
        const two = compilePolicy([file(other.slice(0, at)), file(other.slice(at), groups)])
        expect(two(question).allowed).toBe(one(question).allowed)
      }),
      { numRuns: 500 },
    )
  })

  it('lets nobody overwrite who may not push, nor hides what may be pulled from the catalog', () => {
    const named = rules.map((it) => ({ ...it, actions: it.actions.filter((a) => a !== 'list') }))
    fc.assert(
      fc.property(fc.array(named), questions, (all, question) => {
        const policy = compilePolicy([file(all, groups)])
        const allowed = (action: string) => policy({ ...question, action }).allowed
        if (!allowed('push')) expect(allowed('overwrite')).toBe(false)
        if (question.tag === undefined && !all.some((it) => it.actions.includes('*'))) {
          expect(allowed('list')).toBe(allowed('pull'))
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('the name of a user', () => {
  const hostile = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom('a', 'b', '*', '/', '.', '$', '{', '}', '\n', '\0', '|') }),
    fc.constantFrom('*', '**', 'a/**', userPlace, '.*', 'a|b', '(?:', '\\k<user>', '$&', '^', ''),
  )
  const repositories = fc
    .array(fc.constantFrom('home', 'a', 'b', 'ab', 'a.b'), { minLength: 1, maxLength: 4 })
    .map((parts) => parts.join('/'))

  it('widens no pattern it stands in', () => {
    const policy = policyOf(rule({ repositories: [`home/${userPlace}/**`] }))
    fc.assert(
      fc.property(hostile, repositories, (name, repository) => {
        const { allowed } = policy({ name, groups: [], action: 'pull', repository })
        const [first, second] = repository.split('/')
        expect(allowed).toBe(first === 'home' && second === name)
      }),
      { numRuns: 2000 },
    )
  })
})
