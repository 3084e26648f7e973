/**
 * Decides who may do what: a pure function of the rules and a question, without clock, network or
 * memory. A rule that denies beats any that allows, silence is a no, and order never matters.
 */

import { contains, findIpAddress } from '../../network/range.ts'
import {
  type Action,
  actions,
  type Decision,
  type Policy,
  type Question,
  type Who,
} from './decision.ts'
import { compilePatterns } from './pattern.ts'
import { indexBySegment } from './rule-index.ts'
import type { PlacedRule, PolicyFile } from './schema.ts'

/**
 * The rules that answer for an action, by the actions they name. To move a tag is a push as well, and
 * `overwrite` is asked in addition: a rule that allows `push` allows it unless another denies `overwrite`.
 * A list shows the repositories that its reader may pull, and hides those that a rule denies to pull.
 */
const answering: Record<Action, { denied: Action[]; allowed: Action[] }> = {
  pull: { denied: ['pull'], allowed: ['pull'] },
  push: { denied: ['push'], allowed: ['push'] },
  overwrite: { denied: ['overwrite', 'push'], allowed: ['push'] },
  delete: { denied: ['delete'], allowed: ['delete'] },
  list: { denied: ['list', 'pull'], allowed: ['list', 'pull'] },
}

/** A question with all that several rules would have to find out again. */
type Asked = {
  name: string | undefined
  groups: readonly string[]
  repository: string
  tag: string | undefined
  address: ReturnType<typeof findIpAddress>
}

type Condition = (asked: Asked) => boolean
type CompiledRule = { rule: PlacedRule; applies: Condition; decision: Decision }

const silence: Decision = Object.freeze({ allowed: false, because: 'no rule allows it' })

/** Several files are one policy; a group is defined in one of them. */
export function compilePolicy(files: readonly PolicyFile[]): Policy {
  const members = new Map(files.flatMap(({ groups }) => Object.entries(groups)))
  const rules = files.flatMap((file) => file.rules).map((rule) => compileRule(rule, members))
  const byAction = new Map<string, Answers>(
    actions.map((action) => [action, answersTo(action, rules)]),
  )
  const asksWhere = rules.some(({ rule }) => rule.from !== undefined)

  const decide = ({ name, groups, action, repository, tag, address }: Question): Decision => {
    const answers = byAction.get(action)
    if (!answers || repository === '') return silence

    const asked: Asked = {
      name: name || undefined,
      groups,
      repository,
      // A repository is listed as a whole.
      tag: action === 'list' ? undefined : tag,
      address: asksWhere && address !== undefined ? findIpAddress(address) : undefined,
    }
    const { denying, allowing } = answers
    const folded = repository.toLowerCase()
    const alike = folded === repository ? asked : { ...asked, repository: folded }
    return find(denying(folded), alike) ?? find(allowing(repository), asked) ?? silence
  }
  return Object.assign(decide, {
    showsStrangers: rules.some(({ rule }) => showsStrangers(rule)),
    showsAll: createShowsAll(rules, members),
  })
}

/** Someone sees all where a rule shows all to them, and none hides anything from them. */
function createShowsAll(rules: CompiledRule[], members: Members) {
  // A rule with tags says nothing of a repository as a whole.
  const whole = rules
    .map(({ rule }) => rule)
    .filter((rule) => !rule.tags && rule.actions.some(shows))
  const conditionsOf = (some: PlacedRule[]) =>
    some.map((rule) => every([whoOf(rule, members), fromOf(rule)]))
  const showing = conditionsOf(
    whole.filter((rule) => rule.effect === 'allow' && rule.repositories.includes('**')),
  )
  const hiding = conditionsOf(whole.filter((rule) => rule.effect === 'deny'))

  return ({ name, groups, address }: Who): boolean => {
    const found = address === undefined ? undefined : findIpAddress(address)
    const asked = {
      name: name || undefined,
      groups,
      repository: '',
      tag: undefined,
      address: found,
    }
    return showing.some((holds) => holds(asked)) && !hiding.some((holds) => holds(asked))
  }
}

const shows = (action: string) => seeing.has(action)

function showsStrangers({ effect, who, actions: named }: PlacedRule): boolean {
  const isForStrangers = who.some((it) => it === 'anonymous' || it === '*')
  return effect === 'allow' && isForStrangers && named.some((it) => seeing.has(it))
}

const seeing = new Set<string>([...answering.list.allowed, '*'])

function find(rules: readonly CompiledRule[], asked: Asked): Decision | undefined {
  for (const rule of rules) if (rule.applies(asked)) return rule.decision
  return undefined
}

type Answers = ReturnType<typeof answersTo>

function answersTo(action: Action, rules: CompiledRule[]) {
  const { denied, allowed } = answering[action]
  return {
    denying: indexed(rules, { effect: 'deny', naming: denied }),
    allowing: indexed(rules, { effect: 'allow', naming: allowed }),
  }
}

type Wanted = { effect: PlacedRule['effect']; naming: readonly string[] }

function indexed(rules: CompiledRule[], { effect, naming }: Wanted) {
  const wanted = rules.filter(
    ({ rule }) =>
      rule.effect === effect && rule.actions.some((it) => it === '*' || naming.includes(it)),
  )
  return indexBySegment(wanted.map((item) => ({ patterns: item.rule.repositories, item })))
}

type Members = ReadonlyMap<string, readonly string[]>

/**
 * A rule that denies is about names in any case: only repositories of old volumes have upper case, and
 * theirs may be the folder of another where the file system has no case. To allow, a rule spells them.
 */
function compileRule(written: PlacedRule, members: Members): CompiledRule {
  const { name, effect, file, line, repositories } = written
  const denies = effect === 'deny'
  const rule = denies
    ? { ...written, repositories: repositories.map((it) => it.toLowerCase()) }
    : written
  const allowed = effect === 'allow'
  const because = `${JSON.stringify(name)} (${file}:${line}) ${allowed ? 'allows' : 'denies'} it`
  return {
    rule,
    applies: every([whereOf(rule), whoOf(rule, members), tagsOf(rule), fromOf(rule)]),
    decision: Object.freeze({
      allowed,
      rule: Object.freeze({ name, file, line }),
      because,
    }),
  }
}

/** Said plainly for the usual two conditions, since every request asks every rule. */
function every(conditions: (Condition | undefined)[]): Condition {
  const [first, second, ...rest] = conditions.filter((it) => it !== undefined)
  if (!first || !second) return first ?? (() => true)
  if (rest.length === 0) return (asked) => first(asked) && second(asked)
  return (asked) => first(asked) && second(asked) && rest.every((holds) => holds(asked))
}

function whereOf({ repositories }: PlacedRule): Condition {
  const matches = compilePatterns(repositories)
  return ({ repository, name }) => matches(repository, name)
}

/** Members by file and members by login are kept apart from users, so no name passes for a group. */
function whoOf({ who }: PlacedRule, members: Members): Condition | undefined {
  const anonymous = who.includes('anonymous')
  const authenticated = who.includes('authenticated')
  if (who.includes('*') || (anonymous && authenticated)) return undefined
  if (authenticated) return ({ name }) => name !== undefined

  const groups = new Set(named(who, 'group:'))
  const users = new Set([
    ...named(who, 'user:'),
    ...[...groups].flatMap((group) => members.get(group) ?? []),
  ])
  return (asked) => {
    if (asked.name === undefined) return anonymous
    return users.has(asked.name) || asked.groups.some((group) => groups.has(group))
  }
}

const named = (who: readonly string[], prefix: string) =>
  who.filter((it) => it.startsWith(prefix)).map((it) => it.slice(prefix.length))

/** A question without a tag is never about the tags of a rule. */
function tagsOf({ tags }: PlacedRule): Condition | undefined {
  if (!tags) return undefined
  const matches = compilePatterns(tags)
  return ({ tag }) => tag !== undefined && matches(tag, undefined)
}

/** Of an address that is not known the worse is assumed: it is denied and not allowed. */
function fromOf({ from, effect }: PlacedRule): Condition | undefined {
  if (!from) return undefined
  return ({ address }) => {
    if (!address) return effect === 'deny'
    return from.some((network) => contains(network, address))
  }
}
