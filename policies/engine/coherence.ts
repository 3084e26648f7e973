/**
 * Faults that only show when all files lie side by side: names used twice, groups nobody defined, rules
 * that say less than they seem to. It reads what was written, so it finds this beside other faults.
 */
import { placeText, type Steps } from '../../documents/position.ts'
import type { PolicyDocument, Problem } from './document.ts'
import { problem, suggestion } from './problems.ts'

/** A value with the document it is from and the steps to it. */
type Found<T = unknown> = { document: PolicyDocument; steps: Steps; value: T }

export function findIncoherences(documents: readonly PolicyDocument[]): Problem[] {
  const groups = documents.flatMap(groupsIn)
  const rules = documents.flatMap(rulesIn)
  const tests = documents.flatMap((document) =>
    itemsAt({ document, steps: [], value: document.value }, 'tests'),
  )
  const names = rules.map((rule) => childOf(rule, 'name')).filter(isText)
  const who = rules.flatMap((rule) => itemsAt(rule, 'who')).filter(isText)
  const known = [...new Set(groups.map(({ value }) => value))]

  return [
    ...repeated(groups, 'is defined already', true),
    ...repeated(names, 'is the name of a rule already'),
    ...who.flatMap((it) => faultsOfGroup(it, known)),
    ...rules.flatMap(faultsOfOverwrite),
    ...rules.flatMap(faultsOfTags),
    ...tests.flatMap(faultsOfStranger),
  ]
}

/** Rules that are no fault, but most likely a mistake. */
export function findDoubts(documents: readonly PolicyDocument[]): Problem[] {
  const rules = documents.flatMap(rulesIn)
  const untagged = rules.filter((it) => isAllowing(it) && childOf(it, 'tags').value === undefined)
  return rules.flatMap((rule) => doubtsOfTags(rule, untagged))
}

const rulesIn = (document: PolicyDocument) =>
  itemsAt({ document, steps: [], value: document.value }, 'rules')

function groupsIn(document: PolicyDocument): Found<string>[] {
  const { value } = childOf({ document, steps: [], value: document.value }, 'groups')
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.keys(value).map((name) => ({ document, steps: ['groups', name], value: name }))
}

function repeated(all: Found<string>[], fault: string, isKey = false): Problem[] {
  const place = ({ document, steps }: Found) =>
    isKey ? document.places.ofKey(steps) : document.places.of(steps)
  const first = new Map<string, Found<string>>()
  return all.flatMap((it) => {
    const before = first.get(it.value)
    if (!before) first.set(it.value, it)
    if (!before) return []
    const where = placeText({ file: before.document.file, ...place(before) })
    const message = `(${JSON.stringify(it.value)}) ${fault}, at ${where}`
    return [problem(it.document, place(it), [it.steps, message])]
  })
}

function faultsOfGroup(found: Found<string>, known: string[]): Problem[] {
  const { value } = found
  const written = JSON.stringify(value)
  if (known.includes(value)) {
    const message = `(${written}) is a group; write group:${value}, or user:${value} for a user of that name`
    return [at(found, message)]
  }
  const name = value.startsWith('group:') ? value.slice('group:'.length) : undefined
  if (name === undefined || known.includes(name)) return []
  const hint = suggestion(name, known)
  const message = `(${written}) is no group of these files; ${hint}A group that only logins bring is defined as ${name}: []`
  return [at(found, message)]
}

/** The right to push holds the one to overwrite, so a rule about `overwrite` is mostly meant as a denial. */
function faultsOfOverwrite(rule: Found): Problem[] {
  const actions = itemsAt(rule, 'actions')
  const names = actions.map(({ value }) => value)
  const overwrite = actions.find(({ value }) => value === 'overwrite')
  const isIdle = !names.includes('push') && !names.includes('*')
  if (!overwrite || !isIdle || childOf(rule, 'effect').value === 'deny') return []
  const message =
    '("overwrite") allows nothing without push, and push allows to overwrite; deny overwrite to those who may not'
  return [at(overwrite, message)]
}

/** A repository is listed as a whole, so no question about the catalog has a tag. */
function faultsOfTags(rule: Found): Problem[] {
  const tags = childOf(rule, 'tags')
  const actions = itemsAt(rule, 'actions')
  const isIdle = actions.length > 0 && actions.every(({ value }) => value === 'list')
  if (tags.value === undefined || !isIdle) return []
  const effect = childOf(rule, 'effect').value === 'deny' ? 'denies' : 'allows'
  return [
    at(
      tags,
      `never count, so this rule ${effect} nothing: repositories are listed as a whole; leave tags out`,
    ),
  ]
}

/**
 * Tags of a rule that allows an image its manifests only. Where another rule allows the rest, that one decides;
 * and a manifest whose layers are there already can be given a tag, so it may be meant.
 */
function doubtsOfTags(rule: Found, untagged: readonly Found[]): Problem[] {
  const tags = childOf(rule, 'tags')
  if (tags.value === undefined || !isAllowing(rule)) return []
  const others = untagged.filter((it) =>
    textsAt(it, 'repositories').some((at) => textsAt(rule, 'repositories').includes(at)),
  )
  const idle = ['pull', 'push'].filter(
    (action) => allows(rule, action) && !others.some((it) => allows(it, action)),
  )
  if (idle.length === 0) return []
  const message = `do not let anyone ${idle.join(' or ')} an image: its layers have no tag. Leave tags out here, and deny the other tags in another rule`
  return [at(tags, message)]
}

const isAllowing = (rule: Found) => childOf(rule, 'effect').value !== 'deny'

const textsAt = (rule: Found, key: string) => itemsAt(rule, key).map(({ value }) => value)

const allows = (rule: Found, action: string) =>
  textsAt(rule, 'actions').some((it) => it === action || it === '*')

function faultsOfStranger(test: Found): Problem[] {
  const groups = childOf(test, 'groups')
  if (groups.value === undefined || childOf(test, 'user').value !== undefined) return []
  return [at(groups, 'needs a user: someone not signed in is in no group')]
}

const at = ({ document, steps }: Found, message: string) =>
  problem(document, document.places.of(steps), [steps, message])

const isText = (found: Found): found is Found<string> => typeof found.value === 'string'

function childOf({ document, steps, value }: Found, key: string): Found {
  return { document, steps: [...steps, key], value: Object(value)[key] as unknown }
}

function itemsAt(parent: Found, key: string): Found[] {
  const { document, steps, value } = childOf(parent, key)
  if (!Array.isArray(value)) return []
  return value.map((item: unknown, index) => ({ document, steps: [...steps, index], value: item }))
}
