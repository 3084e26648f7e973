/**
 * Reports a key or a variable that is no setting: as a warning, for old files may hold anything, or as a
 * problem where it looks like a setting that keeps people out, such as `htpaswd`.
 */
import type { z } from 'zod'
import { nearest } from '../documents/nearest.ts'
import { every } from '../documents/words.ts'
import { findGuardedKey, findGuardedWords, type Guarded } from './guarded.ts'
import { childOf, settingsOf, shapeOf, variableOf } from './shape.ts'
import { unsupported } from './support.ts'
import type { Tree } from './tree.ts'

/** Where warnings and problems of one reading go. */
export type Findings = { warnings: string[]; problems: string[] }

export type Unknown = {
  /** The section it stands in. */
  path: readonly string[]
  name: string
  child: Tree
  /** The keys of that section. */
  fields: readonly string[]
}

export function tellKey({ path, name: written, child, fields }: Unknown, findings: Findings): void {
  // Where the blank after a colon was forgotten, the name holds a value too.
  const name = written.split(':')[0] ?? ''
  const known = nearest(name, fields)
  const hint = known === undefined ? '' : `; did you mean ${[...path, known].join('.')}?`
  const guarded = findGuardedKey(path, name, child)
  if (!guarded) {
    findings.warnings.push(`${[...path, name].join('.')} (${child.place}) is not a setting${hint}`)
    return
  }
  const meant = guarded.key ? `; did you mean ${guarded.key}?` : hint || listOf(path, fields)
  const key = guarded.path.map((step) => step.split(':')[0]).join('.')
  const what = `${key} (${guarded.place})`
  findings.problems.push(`${what} ${refusalOf(guarded)}${meant}`)
}

const refusalOf = ({ effect }: Guarded) => `is not a setting, and without it ${effect}`

function listOf(path: readonly string[], fields: readonly string[]): string {
  const usable = fields.filter((name) => !unsupported[[...path, name].join('.')])
  return usable.length === 0 ? '' : `; in ${path.join('.')} there are ${every(usable)}`
}

type Variable = {
  /** As it is, and without what stands before the name of a setting. */
  name: string
  rest: string
  /** How far it leads to a setting, and what is left of it there. */
  path: readonly string[]
  words: readonly string[]
  schema: z.ZodType
}

/** The problem with a variable that no setting has; undefined where it may be anybody's. */
export function findGuardedVariable(variable: Variable): string | undefined {
  const { name, rest, path, words, schema } = variable
  const guarded = findGuardedWords(path, words)
  if (!guarded) return undefined
  const candidates = variablesOf(schema, guarded.root)
  const meant = guarded.key && variableOf(guarded.key.split('.'))
  const found =
    candidates.find((it) => it.endsWith(`_${rest}`)) ?? nearest(rest.toUpperCase(), candidates)
  const hint = found === undefined ? meant : `REGISTRY_${found}`
  const fields = hint ? [] : fieldsAt(schema, path)
  return `variable ${name} ${refusalOf(guarded)}${hint ? `; did you mean ${hint}?` : listOf(path, fields)}`
}

function fieldsAt(schema: z.ZodType, path: readonly string[]): string[] {
  const found = path.reduce<z.ZodType | undefined>((it, step) => it && childOf(it, step), schema)
  const shape = found && shapeOf(found)
  return shape?.kind === 'section' ? Object.keys(shape.fields) : []
}

/** Without the `REGISTRY_` that all of them begin with. */
export const variablesOf = (schema: z.ZodType, root = '') =>
  [...settingsOf(schema)]
    .filter(({ path }) => path.length > 0 && `${path.join('.')}.`.startsWith(root && `${root}.`))
    .map(({ path }) => variableOf(path).slice('REGISTRY_'.length))

export const wordsOf = (name: string) => name.split(/[^A-Za-z0-9]+/).filter(Boolean)
