/**
 * The schema of a policy file: groups, rules and tests. Every value reads the text that was written, so a
 * tag 1.10 stays 1.10. Checks across several keys or files are in coherence.ts.
 */
import { z } from 'zod'
import { nearest } from '../../documents/nearest.ts'
import { either } from '../../documents/words.ts'
import { findIpAddress, networkRule, readNetwork } from '../../network/range.ts'
import { isTag, parseAnyRepository } from '../../registry/protocol/name.ts'
import { actions, type RuleReference } from './decision.ts'
import { faultOfRepositoryPattern, faultOfTagPattern, userPlace } from './pattern.ts'

/** Text in which `faultOf` finds nothing wrong. */
const text = (allowed: string, faultOf: (text: string) => string | undefined) =>
  z.string({ error: `must be ${allowed}` }).superRefine((written, context) => {
    const fault = faultOf(written)
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault })
  })

const word = <const T extends string>(...words: T[]) =>
  z.enum(words, { error: `must be ${either(words)}` })

const list = <T extends z.ZodType>(item: T, what: string) =>
  z
    .array(item, { error: `must be a list of ${what}, such as [a, b]` })
    .min(1, `must not be an empty list; name ${what}, or leave the key out if it is optional`)

const section = <T extends z.ZodRawShape>(keys: T) =>
  z.strictObject(keys, { error: 'must be a section of keys' })

/** Names that stand for everyone, or for more than one may think. */
const classes = ['anonymous', 'authenticated', '*']
const usualMistakes: Record<string, string> = {
  all: '*',
  any: '*',
  anyone: '*',
  everybody: '*',
  everyone: '*',
}

function faultOfName(name: string): string | undefined {
  if (name.trim() !== name || name === '') return 'must be a name, without spaces around it'
  if (/\p{Cc}/u.test(name)) return 'must be a name without control characters'
  return name.includes('*') ? 'must be one name; * stands alone and means everyone' : undefined
}

/** A class is a long word: what is a slip or two away from it is hardly the name of a user. */
const longClasses = classes.filter((name) => name.length > 3)
const mostSlips = 2

function faultOfWho(written: string): string | undefined {
  if (classes.includes(written)) return undefined
  const [prefix, ...rest] = written.split(':')
  if (rest.length > 0) {
    if (prefix === 'user' || prefix === 'group') return faultOfName(rest.join(':'))
    const near = nearest(`${prefix}`.toLowerCase(), ['user', 'group'], mostSlips)
    const rule = `must be ${either(classes)}, user:… or group:…; there is no ${prefix}:`
    return near === undefined ? rule : `${rule}; did you mean ${near}:?`
  }
  const lower = written.toLowerCase()
  const meant = usualMistakes[lower] ?? nearest(lower, longClasses, mostSlips)
  if (meant === undefined) return faultOfName(written)
  return `must be ${meant}, or user:${written} for a user of that name`
}

const who = text('anonymous, authenticated, *, user:…, group:… or the name of a user', faultOfWho)
  .transform((it) => (classes.includes(it) || it.includes(':') ? it : `user:${it}`))
  .meta({
    description:
      'anonymous (not signed in), authenticated (signed in), * (both), user:x, group:x, or a bare name, which is a user.',
  })

const userName = text('the name of a user', (written) => {
  if (classes.includes(written)) return `must be the name of a user, which ${written} is not`
  if (/^(?:user|group):/.test(written)) return 'must be the bare name of a user'
  return faultOfName(written)
})

const groupName = text('the name of a group', (written) =>
  written.startsWith('group:') ? 'must be the bare name of a group' : faultOfName(written),
)

const fromRule = z.string({ error: `must be ${networkRule}` }).transform((written, context) => {
  const found = readNetwork(written)
  if ('network' in found) return found.network
  context.addIssue({ code: 'custom', message: found.fault })
  return z.NEVER
})

const ruleName = text('a name, which logs and refusals give', (written) =>
  written.trim() === '' ? 'must not be empty' : undefined,
)

export const ruleSchema = section({
  name: ruleName.meta({
    description: 'The name of this rule in logs and refusals; used once only.',
  }),
  effect: word('allow', 'deny')
    .default('allow')
    .meta({ description: 'A rule that denies beats every rule that allows.' }),
  who: list(who, 'people').meta({ description: 'Whom the rule is about.' }),
  repositories: list(
    text('a pattern of repositories', faultOfRepositoryPattern),
    'patterns of repositories',
  ).meta({
    description: `* is any text within a path segment, ** any number of segments, ${userPlace} the name of the user who asks.`,
  }),
  actions: list(word(...actions, '*'), 'actions').meta({
    description: 'overwrite moves an existing tag to other content; list shows a repository.',
  }),
  tags: list(text('a pattern of tags', faultOfTagPattern), 'patterns of tags')
    .optional()
    .meta({ description: 'The rule is only about requests that name one of these tags.' }),
  from: list(fromRule, 'addresses and networks')
    .optional()
    .meta({ description: 'The rule is only about clients with one of these addresses.' }),
})

function faultOfRepository(written: string): string | undefined {
  try {
    parseAnyRepository(written)
    return undefined
  } catch {
    return 'must be the name of a repository, such as team/app'
  }
}

const address = 'an address, such as 192.0.2.7 or 2001:db8::1'

export const testSchema = section({
  user: userName
    .optional()
    .meta({ description: 'The user who asks; without it, someone not signed in.' }),
  groups: list(groupName, 'groups')
    .optional()
    .meta({ description: 'Groups that the login brings, beside those of the files.' }),
  action: word(...actions),
  repository: text('the name of a repository', faultOfRepository),
  tag: text('a tag', (it) => (isTag(it) ? undefined : 'must be a tag, such as v1.0')).optional(),
  from: text(address, (it) => (findIpAddress(it) ? undefined : `must be ${address}`)).optional(),
  expect: word('allow', 'deny'),
})

/** An empty group is filled by logins alone, so here an empty list says something. */
const groups = z.record(
  groupName,
  z.array(userName, { error: 'must be a list of users, such as [alice, bob]' }),
  { error: 'must be a map of names to lists of users' },
)

export const policyFileSchema = section({
  groups: groups
    .optional()
    .meta({ description: 'Groups and their users. [] is a group that only logins bring.' }),
  rules: list(ruleSchema, 'rules').optional().meta({ description: 'In no order.' }),
  tests: list(testSchema, 'tests')
    .optional()
    .meta({ description: 'Asked whenever the files are read; one that fails keeps them out.' }),
})

/** policies/policy.schema.json, for editors that complete and check. */
export function policySchema() {
  const schema = z.toJSONSchema(policyFileSchema, { io: 'input', target: 'draft-7' })
  return { ...schema, title: 'Policies of kura' }
}

type Rule = z.output<typeof ruleSchema>
type Test = z.output<typeof testSchema>

export type PlacedRule = Rule & Omit<RuleReference, 'name'>
export type PlacedTest = Test & { place: string }

/** A file that was read: what it says, and where. */
export type PolicyFile = {
  groups: Readonly<Record<string, readonly string[]>>
  rules: readonly PlacedRule[]
  tests: readonly PlacedTest[]
}
