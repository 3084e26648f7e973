import { describe, expect, it } from '@jest/globals'
import { problemsOf } from './written.ts'

/** A rule in one line, with what is given in place of what is usual. */
const rule = (given: Record<string, string> = {}) => {
  const usual = { name: 'r', who: '["*"]', repositories: '["**"]', actions: '[pull]' }
  const pairs = Object.entries({ ...usual, ...given }).map(([key, value]) => `${key}: ${value}`)
  return `rules:\n  - { ${pairs.join(', ')} }\n`
}

const test = (text: string) => `${rule()}tests:\n  - { ${text} }\n`

const rows: Record<string, [written: string, problem: string][]> = {
  files: [
    ['', 'a.yaml:1:1: is empty; write rules, or remove it'],
    ['# rules\n', 'a.yaml:1:1: is empty'],
    ['just text', 'a.yaml:1:1: ("just text") must be a section of keys'],
    ['[a]', 'a.yaml:1:1: is a list; it must be a section of keys'],
    ['rules: [', 'a.yaml:1:9: this is not valid YAML: '],
    ['rules:\n\t- a', 'a.yaml:2:1: this is not valid YAML: '],
    ['a: 1\na: 2', 'a.yaml:2:1: this is not valid YAML: Map keys must be unique'],
    ['a: *b', 'a.yaml:1:4: this alias has no anchor; text that begins with * has to be in quotes'],
    ['groups: { a: [b] }', 'there is no rule, so nobody might do anything'],
  ],
  keys: [
    [
      `${rule()}grups: {}`,
      'a.yaml:3:1: grups is no key known here; did you mean groups? known are groups, rules, tests',
    ],
    [
      rule({ repos: '[a]' }),
      'a.yaml:2:67: rules[0].repos is no key known here; did you mean repositories? known are name, effect, who, repositories, actions, tags, from',
    ],
    [
      rule({ tag: 'v1' }),
      'a.yaml:2:67: rules[0].tag is no key known here; did you mean tags? known are',
    ],
    [
      test('action: pull, repo: a, repository: a, expect: allow'),
      'a.yaml:4:21: tests[0].repo is no key known here; did you mean repository? known are user, groups, action,',
    ],
  ],
  rules: [
    ['rules: []', 'a.yaml:1:8: rules must not be an empty list'],
    ['rules: a', 'a.yaml:1:8: rules ("a") must be a list of rules'],
    ['rules: [a]', 'a.yaml:1:9: rules[0] ("a") must be a section of keys'],
    [rule({ name: '' }), 'a.yaml:2:13: rules[0].name is missing; it must be a name'],
    [rule({ who: '' }), 'rules[0].who is missing; it must be a list of people'],
    [rule({ who: 'alice' }), 'rules[0].who ("alice") must be a list of people'],
    [rule({ who: '[]' }), 'a.yaml:2:21: rules[0].who must not be an empty list'],
    [rule({ actions: '[]' }), 'rules[0].actions must not be an empty list'],
    [rule({ repositories: '[]' }), 'rules[0].repositories must not be an empty list'],
    [rule({ tags: '[]' }), 'rules[0].tags must not be an empty list'],
    [rule({ from: '[]' }), 'rules[0].from must not be an empty list'],
    [
      rule({ effect: 'dney' }),
      'rules[0].effect ("dney") must be allow or deny; did you mean deny?',
    ],
    [
      rule({ actions: '[pull, psuh]' }),
      'a.yaml:2:66: rules[0].actions[1] ("psuh") must be pull, push, overwrite, delete, list, or *; did you mean push?',
    ],
    [
      rule({ repositories: '[b, /a]' }),
      'a.yaml:2:46: rules[0].repositories[1] ("/a") never matches: names of repositories do not begin with /',
    ],
    [rule({ tags: '[a/b]' }), 'rules[0].tags[0] ("a/b") has a "/"'],
    [rule({ from: '[10.0.0.0/40]' }), 'rules[0].from[0] ("10.0.0.0/40") /40 must be a number'],
  ],
  people: [
    [
      rule({ who: '["group:ops"]' }),
      'a.yaml:2:22: rules[0].who[0] ("group:ops") is no group of these files',
    ],
    [
      `groups: { opps: [a] }\n${rule({ who: '["group:ops"]' })}`,
      'did you mean opps? A group that only logins bring is defined as ops: []',
    ],
    [
      `groups: { ops: [a] }\n${rule({ who: '[ops]' })}`,
      'a.yaml:3:22: rules[0].who[0] ("ops") is a group; write group:ops, or user:ops for a user',
    ],
    [
      rule({ who: '["role:x"]' }),
      '("role:x") must be anonymous, authenticated, or *, user:… or group:…',
    ],
    [
      rule({ who: '[everyone]' }),
      '("everyone") must be *, or user:everyone for a user of that name',
    ],
    [rule({ who: '[anonymus]' }), '("anonymus") must be anonymous, or user:anonymus'],
    [rule({ who: '[authentcated]' }), 'must be authenticated, or user:authentcated'],
    [rule({ who: '["gruop:ops"]' }), 'there is no gruop:; did you mean group:?'],
    [rule({ who: '[*]' }), 'text that begins with * has to be in quotes, as in ["*"]'],
    [rule({ who: '[Anonymous]' }), '("Anonymous") must be anonymous, or user:Anonymous'],
    [rule({ who: '["ci-*"]' }), '("ci-*") must be one name; * stands alone and means everyone'],
    [rule({ who: '["user:"]' }), '("user:") must be a name, without spaces around it'],
    [
      `groups: { ops: ["group:x"] }\n${rule()}`,
      'groups.ops[0] ("group:x") must be the bare name of a user',
    ],
    [`groups: { ops: ["*"] }\n${rule()}`, 'groups.ops[0] ("*") must be the name of a user'],
    [
      `groups: { "group:x": [a] }\n${rule()}`,
      'a.yaml:1:11: groups.group:x ("group:x") must be the bare name',
    ],
    [`groups: { ops: a }\n${rule()}`, 'groups.ops ("a") must be a list of users'],
  ],
  actions: [
    [
      rule({ actions: '[list]', tags: '[v1]' }),
      'rules[0].tags never count, so this rule allows nothing',
    ],
    [
      rule({ actions: '[pull, overwrite]' }),
      'a.yaml:2:66: rules[0].actions[1] ("overwrite") allows nothing without push',
    ],
  ],
  tests: [
    [
      test('action: pull, repository: a'),
      'a.yaml:4:5: tests[0].expect is missing; it must be allow or deny',
    ],
    [test('action: "*", repository: a, expect: deny'), 'tests[0].action ("*") must be pull, push,'],
    [
      test('action: pull, repository: "a/*", expect: deny'),
      'tests[0].repository ("a/*") must be the name of a',
    ],
    [
      test('action: pull, repository: a, tag: "v*", expect: deny'),
      'tests[0].tag ("v*") must be a tag',
    ],
    [
      test('action: pull, repository: a, from: 10.0.0.0/8, expect: deny'),
      'must be an address, such',
    ],
    [
      test('user: anonymous, action: pull, repository: a, expect: deny'),
      'must be the name of a user, which anonymous is not',
    ],
    [
      test('groups: [a], action: pull, repository: a, expect: deny'),
      'a.yaml:4:15: tests[0].groups needs a user',
    ],
  ],
}

describe.each(Object.entries(rows))('%s', (_, these) => {
  it.each(these)('%j: %s', (written, problem) => {
    const found = problemsOf(written)
    expect(found).toHaveLength(1)
    expect(found[0]).toContain(problem)
  })
})

describe('what may be written', () => {
  const fine: [what: string, written: string][] = [
    [
      'all there is',
      `groups: { ops: [a], logins: [] }\n${rule({ effect: 'deny', who: '["group:ops", "group:logins", bob, "user:everyone", "*"]', actions: '[overwrite, "*"]', tags: '[1.10, v*]', from: '["::1", 10.0.0.0/8]' })}`,
    ],
    [
      'anchors',
      `${rule({ actions: '&all [pull, push]' })}  - { name: s, who: [a], repositories: [b], actions: *all }`,
    ],
    ['keys without a value', `groups:\n${rule({ tags: '' })}`],
    ['an email address as a name', rule({ who: '[ann@example.org]' })],
  ]
  it.each(fine)('%s', (_, written) => {
    expect(problemsOf(written)).toEqual([])
  })
})

describe('all files', () => {
  it('are told everything at once, in the order of the files', () => {
    const one = `${rule({ actions: '[pul]', who: '["group:x"]', tgas: '[v1]' })}tests: []\n`
    const two = `groups: { a: ["*"] }\n${rule({ name: 's', repositories: '[A]' })}`
    expect(problemsOf(one, two, 'rules: [').map((it) => it.split(' ')[0])).toEqual([
      'a.yaml:2:66:',
      'a.yaml:2:72:',
      'a.yaml:3:8:',
      'b.yaml:1:15:',
      'b.yaml:3:43:',
      'c.yaml:1:9:',
    ])
    expect(problemsOf(one, two)).toHaveLength(6)
  })

  it('name a rule once and define a group once', () => {
    const text = `groups: { ops: [a] }\n${rule()}`
    expect(problemsOf(text, text)).toEqual([
      'b.yaml:1:11: groups.ops ("ops") is defined already, at a.yaml:1:11',
      'b.yaml:3:13: rules[0].name ("r") is the name of a rule already, at a.yaml:3:13',
    ])
  })

  it('share their groups', () => {
    expect(problemsOf('groups: { ops: [a] }', rule({ who: '["group:ops"]' }))).toEqual([])
  })
})

describe('tests in files', () => {
  it('are asked of all files together, and tell which rule answered', () => {
    const tests = `tests:
  - { action: pull, repository: a, expect: allow }
  - { user: ann, groups: [ops, dev], action: pull, repository: a/b, tag: v1, from: "::1", expect: deny }
  - { action: push, repository: a, expect: allow }
`
    expect(problemsOf(rule(), tests)).toEqual([
      'b.yaml:3:5: the test ann [ops, dev], pull a/b:v1 from ::1 expects deny and got allow: "r" (a.yaml:2) allows it',
      'b.yaml:4:5: the test anonymous, push a expects allow and got deny: no rule allows it',
    ])
  })
})
