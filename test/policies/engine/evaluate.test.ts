import { describe, expect, it } from '@jest/globals'
import { parseNetwork } from '../../../network/range.ts'
import { openPolicy, type Question, type Who } from '../../../policies/engine/decision.ts'
import { buildPolicy } from '../../../policies/engine/load.ts'
import { policyOf, rule, sourcesOf } from './written.ts'

const company = `groups:
  platform: [alice, bob]
  security: []
rules:
  - name: everyone may pull what is public
    who: [anonymous, authenticated]
    repositories: ["public/**"]
    actions: [pull]
  - name: platform owns its namespace
    who: ["group:platform"]
    repositories: ["platform/**"]
    actions: [pull, push, delete]
  - name: a home for each user
    who: [authenticated]
    repositories: ["home/\${user}/**"]
    actions: ["*"]
  - name: a release never changes
    effect: deny
    who: ["*"]
    repositories: ["**"]
    tags: ["v*"]
    actions: [overwrite, delete]
  - name: bob is on leave
    effect: deny
    who: [bob]
    repositories: ["**"]
    actions: [push]
  - name: security looks at all from inside
    who: ["group:security"]
    repositories: ["**"]
    actions: [pull]
    from: [10.0.0.0/8]
  - name: carol shows what is hidden
    who: [carol]
    repositories: ["hidden/*"]
    actions: [list]
`

type Row = [
  who: string,
  action: string,
  what: string,
  by: string | undefined,
  more?: Partial<Question>,
]

const no = 'no rule allows it'
const rows: Record<string, Row[]> = {
  'silence is a no': [
    ['', 'pull', 'platform/api', no],
    ['carol', 'pull', 'platform/api', no],
    ['alice', 'pull', 'other', no],
    ['alice', 'admin', 'platform/api', no],
    ['alice', 'toString', 'platform/api', no],
    ['alice', 'list', '', no],
  ],
  'strangers and users': [
    ['', 'pull', 'public/a/b', '+everyone may pull what is public'],
    ['carol', 'pull', 'public/a/b', '+everyone may pull what is public'],
    ['', 'push', 'public/a/b', no],
    ['', 'pull', 'home/alice/x', no],
    ['', 'pull', 'platform/api', no, { groups: ['platform'] }],
    ['', 'pull', 'platform/api', no, { name: '', groups: ['platform'] }],
  ],
  'groups of files and of logins': [
    ['alice', 'push', 'platform/api', '+platform owns its namespace'],
    ['alice', 'push', 'platform', '+platform owns its namespace'],
    ['alice', 'push', 'platformer/api', no],
    ['dora', 'push', 'platform/api', '+platform owns its namespace', { groups: ['x', 'platform'] }],
    ['dora', 'push', 'platform/api', no, { groups: ['group:platform', '*', 'authenticated'] }],
    ['group:platform', 'push', 'platform/api', no],
    ['platform', 'push', 'platform/api', no],
    ['*', 'push', 'platform/api', no],
    ['user:alice', 'push', 'platform/api', no],
    ['Alice', 'push', 'platform/api', no],
  ],
  'a denial beats what allows': [
    ['bob', 'push', 'platform/api', '-bob is on leave'],
    ['bob', 'overwrite', 'platform/api', '-bob is on leave'],
    ['bob', 'push', 'home/bob/x', '-bob is on leave'],
    ['bob', 'pull', 'platform/api', '+platform owns its namespace'],
  ],
  'a tag may be moved by whoever may push, unless that is denied': [
    ['alice', 'overwrite', 'platform/api', '+platform owns its namespace', { tag: 'latest' }],
    ['alice', 'push', 'platform/api', '+platform owns its namespace', { tag: 'v1' }],
    ['alice', 'overwrite', 'platform/api', '-a release never changes', { tag: 'v1' }],
    ['alice', 'overwrite', 'platform/api', '-a release never changes', { tag: 'v' }],
    ['alice', 'delete', 'platform/api', '-a release never changes', { tag: 'v1' }],
    ['alice', 'delete', 'platform/api', '+platform owns its namespace', { tag: 'dev' }],
    ['alice', 'delete', 'platform/api', '+platform owns its namespace'],
    ['alice', 'overwrite', 'home/alice', '-a release never changes', { tag: 'v2' }],
    ['carol', 'overwrite', 'platform/api', no, { tag: 'latest' }],
  ],
  'what may be pulled is listed': [
    ['', 'list', 'public/a', '+everyone may pull what is public'],
    ['', 'list', 'public/a', '+everyone may pull what is public', { tag: 'v1' }],
    ['alice', 'list', 'platform/api', '+platform owns its namespace'],
    ['carol', 'list', 'platform/api', no],
    ['carol', 'list', 'hidden/a', '+carol shows what is hidden'],
    ['carol', 'pull', 'hidden/a', no],
  ],
  'a home is that of its user': [
    ['alice', 'push', 'home/alice/app', '+a home for each user'],
    ['alice', 'delete', 'home/alice/a/b', '+a home for each user'],
    ['alice', 'pull', 'home/alice2/app', no],
    ['alice', 'pull', 'home/bob/app', no],
    ['*', 'pull', 'home/bob/app', no],
    ['**', 'pull', 'home/bob/app', no],
    ['bob/app', 'pull', 'home/bob/app/x', no],
    ['.*', 'pull', 'home/bob/app', no],
    ['Alice', 'pull', 'home/Alice/app', no],
    ['a.b-c__d', 'pull', 'home/a.b-c__d/app', '+a home for each user'],
    ['a.b', 'pull', 'home/axb/app', no],
    ['bob\nhome', 'pull', 'home/bob/app', no],
  ],
  'where someone is': [
    ['dora', 'pull', 'x', '+security looks at all from inside', at('10.1.2.3')],
    ['dora', 'pull', 'x', '+security looks at all from inside', at('::ffff:10.1.2.3')],
    ['dora', 'pull', 'x', no, at('11.1.2.3')],
    ['dora', 'pull', 'x', no, at('::a01:203')],
    ['dora', 'pull', 'x', no, at('10.1.2.3:80')],
    ['dora', 'pull', 'x', no, at(undefined)],
  ],
}

function at(address: string | undefined): Partial<Question> {
  return { address, groups: ['security'] }
}

describe.each(Object.entries(rows))('%s', (_, these) => {
  const { policy } = buildPolicy(sourcesOf([company]))

  for (const [who, action, repository, by, more] of these) {
    const shown = more ? ` ${JSON.stringify(more)}` : ''
    it(`${JSON.stringify(who || 'a stranger')}, ${action} ${repository}${shown}: ${by}`, () => {
      const name = who || undefined
      const { allowed, rule, because } = policy({ name, groups: [], action, repository, ...more })
      expect(rule ? `${allowed ? '+' : '-'}${rule.name}` : because).toBe(by)
      if (!rule) expect(allowed).toBe(false)
    })
  }
})

describe('a decision', () => {
  it('names the rule, its file and its line', () => {
    const { policy } = buildPolicy(sourcesOf(['groups: { empty: [] }', company]))
    const question = { name: 'bob', groups: [], action: 'push', repository: 'platform/api' }
    expect(policy(question)).toEqual({
      allowed: false,
      rule: { name: 'bob is on leave', file: 'b.yaml', line: 23 },
      because: '"bob is on leave" (b.yaml:23) denies it',
    })
    expect(policy({ ...question, action: 'pull' }).because).toBe(
      '"platform owns its namespace" (b.yaml:9) allows it',
    )
  })

  it('assumes the worse of an address that is not known', () => {
    const policy = policyOf(
      rule(),
      rule({ effect: 'deny', from: [parseNetwork('203.0.113.0/24')] }),
    )
    const question = { name: 'alice', groups: [], action: 'pull', repository: 'x' }
    const allowed = (address?: string) => policy({ ...question, address }).allowed
    expect([allowed('192.0.2.1'), allowed('203.0.113.9')]).toEqual([true, false])
    expect([allowed(), allowed(''), allowed('nonsense')]).toEqual([false, false, false])
  })

  it('hides from the catalog what is denied to be pulled, or only to be listed', () => {
    const question = { name: 'alice', groups: [], repository: 'x' }
    const verdicts = (action: 'pull' | 'list') => {
      const policy = policyOf(rule(), rule({ effect: 'deny', actions: [action] }))
      return ['pull', 'list'].map((it) => policy({ ...question, action: it }).allowed)
    }
    expect(verdicts('pull')).toEqual([false, false])
    expect(verdicts('list')).toEqual([true, false])
  })

  it('does not hide a repository because some of its tags are denied', () => {
    const policy = policyOf(rule(), rule({ effect: 'deny', tags: ['*'], actions: ['pull'] }))
    const question = { name: 'alice', groups: [], repository: 'x', tag: 'v1' }
    expect(policy({ ...question, action: 'list' }).allowed).toBe(true)
    expect(policy({ ...question, action: 'pull' }).allowed).toBe(false)
  })

  it('knows who sees all there is', () => {
    const [alice, stranger] = [
      { name: 'alice', groups: [] },
      { name: undefined, groups: [] },
    ]
    const sees = (who: Who, ...rules: Parameters<typeof policyOf>) =>
      policyOf(...rules).showsAll?.(who)
    const everything = rule({ who: ['authenticated'], actions: ['pull'] })
    expect(sees(alice, everything)).toBe(true)
    expect(sees(stranger, everything)).toBe(false)
    expect(sees(alice, rule({ repositories: ['team/**'] }))).toBe(false)
    expect(sees(alice, everything, rule({ effect: 'deny', repositories: ['x'] }))).toBe(false)
    const others = rule({ effect: 'deny', who: ['user:bob'], repositories: ['x'] })
    expect(sees(alice, everything, others)).toBe(true)
    expect(openPolicy.showsAll?.(stranger)).toBe(true)
  })

  it('denies in any case, and allows as it is spelled', () => {
    const policy = policyOf(
      rule({ who: ['user:alice'], repositories: ['MyOrg/**', 'myorg/open'] }),
      rule({ who: ['user:bob'], repositories: ['myorg/**'] }),
      rule({ who: ['user:carol'], repositories: ['**'] }),
      rule({ effect: 'deny', who: ['user:carol'], repositories: ['SECRET/**', 'myorg/x*'] }),
    )
    const may = (name: string, repository: string) =>
      policy({ name, groups: [], action: 'pull', repository }).allowed
    expect(['MyOrg/app', 'myorg/open'].map((it) => may('alice', it))).toEqual([true, true])
    expect(['myorg/app', 'MYORG/app'].map((it) => may('alice', it))).toEqual([false, false])
    expect(['myorg/app', 'MyOrg/app'].map((it) => may('bob', it))).toEqual([true, false])
    const hidden = ['secret/a', 'Secret/a', 'SECRET/a', 'myorg/xy', 'MyOrg/xy']
    expect(hidden.filter((it) => may('carol', it))).toEqual([])
    expect(may('carol', 'MyOrg/app')).toBe(true)
  })

  it('is always yes without policies', () => {
    const question = { name: undefined, groups: [], action: 'delete', repository: 'x' }
    expect(openPolicy(question).allowed).toBe(true)
  })
})
