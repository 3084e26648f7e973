/** Rules that can be used, and most likely do not do what was meant. */
import { expect, it } from '@jest/globals'
import { checkSources } from '../../../policies/engine/load.ts'
import { sourcesOf } from './written.ts'

const doubtsOf = (...texts: string[]) => checkSources(sourcesOf(texts)).doubts
const rule = (rest: string, name = 'r') =>
  `rules:\n  - { name: ${name}, who: ["*"], repositories: ["team/**"], ${rest} }\n`

const idle: [rest: string, actions: string][] = [
  ['actions: [pull], tags: ["v*"]', 'pull'],
  ['actions: [push], tags: [latest]', 'push'],
  ['actions: [pull, push, delete], tags: ["v*"]', 'pull or push'],
  ['actions: ["*"], tags: ["v*"]', 'pull or push'],
]
it.each(idle)('a rule that allows with %s', (rest, actions) => {
  expect(doubtsOf(rule(rest))).toEqual([
    expect.stringMatching(
      new RegExp(
        `^a.yaml:2:\\d+: rules\\[0\\].tags do not let anyone ${actions} an image: its layers`,
      ),
    ),
  ])
})

it.each([
  ['that denies', rule('effect: deny, actions: [push], tags: ["v*"]')],
  ['about deletes', rule('actions: [delete], tags: ["pr-*"]')],
  ['without tags', rule('actions: [pull]')],
])('none of a rule %s', (_what, text) => {
  expect(doubtsOf(text)).toEqual([])
})

it('none where another rule allows the rest, in any file', () => {
  const tagged = rule('actions: [pull, delete], tags: ["pr-*"]')
  expect(doubtsOf(tagged, rule('actions: [pull]', 'other'))).toEqual([])
  expect(doubtsOf(tagged, rule('actions: [push]', 'other'))).toHaveLength(1)
})
