/**
 * Variables named `REGISTRY_` and the steps to a key, each in capitals: `REGISTRY_HTTP_ADDR` is
 * `http.addr`. The value is YAML and replaces what was there. A step into a list is a number, a step
 * into a map is the rest of the name. Parents come before children, since names are taken in order.
 */
import type { z } from 'zod'
import { isSlipOf, nearest } from '../../documents/nearest.ts'
import { ConfigError } from '../problems.ts'
import { settle } from '../settle.ts'
import { type Shape, shapeOf } from '../shape.ts'
import { childAt, findAt, type Path, put, type Tree } from '../tree.ts'
import { type Findings, findGuardedVariable, tellKey, variablesOf, wordsOf } from '../unknown.ts'
import { parseYaml } from '../yaml.ts'
import { isForeign } from './foreign.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Names the file, so it is no setting itself. */
export const fileVariable = 'REGISTRY_CONFIGURATION_PATH'

/** Variables that may be ours but for the word that they begin with, such as `KURA_POLICIES`. */
const strays = (env: Environment) =>
  Object.keys(env).filter((name) => !name.startsWith('REGISTRY_') && wordsOf(name).length > 1)

/** `tree`, settled before, with what the variables say put over it. */
export function applyVariables(
  tree: Tree,
  { schema, env, findings }: { schema: z.ZodType; env: Environment; findings: Findings },
): Tree {
  for (const name of strays(env)) tellStray(name, { schema, env, findings })
  return Object.keys(env)
    .filter((name) => name.startsWith('REGISTRY_') && name !== fileVariable)
    .sort()
    .reduce((before, name) => {
      try {
        return applyVariable(before, { schema, name, value: env[name] ?? '', findings })
      } catch (cause) {
        if (!(cause instanceof ConfigError)) throw cause
        findings.problems.push(...cause.problems)
        return before
      }
    }, tree)
}

type Variable = { schema: z.ZodType; name: string; value: string; findings: Findings }

function applyVariable(tree: Tree, { schema, name, value, findings }: Variable): Tree {
  const place = `variable ${name}`
  const path = findPath(name.slice('REGISTRY'.length), { schema, tree, place })
  if (!path) {
    tellUnknown({ schema, name, value, findings })
    return tree
  }
  const written = parseYaml(value, () => place)
  const before = findAt(tree, path)
  if (written.kind === 'empty' && before) {
    const key = path.join('.')
    findings.warnings.push(`${place} is empty, so ${key} (${before.place}) does not count`)
  }
  return settle(put(tree, path, written), schema, {
    onUnknown: (unknown) => tellKey(unknown, findings),
  })
}

function tellUnknown({ schema, name, value, findings }: Variable): void {
  const rest = name.slice('REGISTRY_'.length)
  const isOthers = isForeign(name, value)
  const problem = isOthers
    ? undefined
    : findGuardedVariable({ name, rest, schema, ...reach(rest, schema) })
  if (problem !== undefined) findings.problems.push(problem)
  if (problem !== undefined || isOthers) return
  const found = nearest(rest.toUpperCase(), variablesOf(schema))
  const hint = found === undefined ? '' : `; did you mean REGISTRY_${found}?`
  findings.warnings.push(`variable ${name} is not a setting${hint}`)
}

type Stray = { schema: z.ZodType; env: Environment; findings: Findings }

/** `KURA_POLICIES`, `registry_auth`: a setting to the person who wrote it. */
function tellStray(name: string, { schema, env, findings }: Stray): void {
  const [first = '', ...words] = wordsOf(name)
  const prefix = first.toUpperCase()
  const isOurs = prefix === 'KURA' || prefix === 'REGISTRY' || isSlipOf(prefix, 'REGISTRY')
  if (!isOurs || isForeign(name, env[name] ?? '')) return
  const rest = words.join('_')
  const problem = findGuardedVariable({ name, rest, schema, path: [], words })
  if (problem !== undefined) findings.problems.push(problem)
}

/** How far `rest` leads to a setting, and the words behind it. */
function reach(rest: string, schema: z.ZodType): { path: string[]; words: string[] } {
  const words = rest.split('_')
  for (let count = words.length - 1; count > 0; count--) {
    const start = `_${words.slice(0, count).join('_')}`
    const path = findPath(start, { schema, tree: undefined, place: rest })
    if (path) return { path: path.map(String), words: words.slice(count).flatMap(wordsOf) }
  }
  return { path: [], words: wordsOf(rest) }
}

type Where = { schema: z.ZodType; tree: Tree | undefined; place: string }
type Step = { step: string | number; item: z.ZodType; rest: string }

/** The key that `rest`, such as `_HTTP_ADDR`, leads to from here; undefined when to none. */
export function findPath(rest: string, where: Where): Path | undefined {
  if (rest === '') return []

  const next = findStep(rest, shapeOf(where.schema), where)
  if (!next) return undefined

  const tree = childAt(where.tree, next.step)
  const path = findPath(next.rest, { ...where, schema: next.item, tree })
  return path && [next.step, ...path]
}

function findStep(rest: string, shape: Shape, where: Where): Step | undefined {
  switch (shape.kind) {
    case 'leaf':
      return undefined
    case 'section':
      return intoSection(rest, shape.fields)
    case 'map':
      return intoMap(rest, shape.item, where.tree)
    case 'list':
      return intoList(rest, shape.item, where)
  }
}

/** A key may contain `_` itself, so whole names are compared, not the parts between. */
function intoSection(rest: string, fields: Record<string, z.ZodType>): Step | undefined {
  for (const [step, item] of Object.entries(fields)) {
    for (const spelling of [step, shapeOf(item).alias ?? step]) {
      const name = `_${spelling.toUpperCase()}`
      if (`${rest}_`.startsWith(`${name}_`)) return { step, item, rest: rest.slice(name.length) }
    }
  }
  return undefined
}

/** A key that is there already keeps its spelling, so that no header is sent twice. */
function intoMap(rest: string, item: z.ZodType, tree: Tree | undefined): Step | undefined {
  const form = shapeOf(item).kind === 'list' ? /^_(.+?)((?:_\d+)?)$/ : /^_(.+)()$/
  const [, name, index = ''] = form.exec(rest) ?? []
  if (name === undefined) return undefined

  const wanted = name.toLowerCase()
  const present = tree?.kind === 'section' ? [...tree.entries.keys()] : []
  const step = present.find((key) => key.toLowerCase() === wanted) ?? wanted
  return { step, item, rest: index }
}

function intoList(rest: string, item: z.ZodType, { tree, place }: Where): Step | undefined {
  const [, digits, after = ''] = /^_(\d+)(_.*)?$/.exec(rest) ?? []
  if (digits === undefined) return undefined

  const step = Number(digits)
  const length = tree?.kind === 'list' ? tree.items.length : 0
  if (step <= length) return { step, item, rest: after }
  throw new ConfigError([`${place}: ${step} is not the next item of the list, which is ${length}`])
}
