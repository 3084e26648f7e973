/** Explains the faults of a configuration: the key, its place, the value found, the values allowed. */
import type { z } from 'zod'
import { DocumentError, ruleOf } from '../documents/problems.ts'
import { isPublic } from './shape.ts'
import { findAt, type Path, type Tree } from './tree.ts'

/** Everything that keeps a configuration from being used, told at once. */
export class ConfigError extends DocumentError {
  override readonly name = 'ConfigError'

  constructor(problems: readonly string[], hints: readonly string[] = []) {
    super('the configuration', problems, hints)
  }
}

/** One line for one finding of the schema in what was written. */
export function explain(issue: z.core.$ZodIssue, schema: z.ZodType, tree: Tree): string {
  const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  const found = findAt(tree, path)
  const key = path.join('.') || 'the configuration'
  return `${key} (${placeOf(tree, path)}): ${foundAt(found, issue, schema)}${ruleOf(issue)}`
}

/** The place of what stands at `path`, or of the nearest thing around it that was written. */
function placeOf(tree: Tree, path: Path): string {
  return findAt(tree, path)?.place ?? placeOf(tree, path.slice(0, -1))
}

/** Text that was refused may be a URL where none belongs, so the part before an @ may be a password. */
const withoutPassword = (text: string) =>
  text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, (_, scheme = '') => `${scheme}********@`)

/** The value that was found. Text in the place of a section may be anything, a password too. */
function foundAt(found: Tree | undefined, { code, path }: z.core.$ZodIssue, schema: z.ZodType) {
  if (found?.kind !== 'text' && code !== 'invalid_type') return ''
  if (!found || found.kind === 'empty') return 'is missing; '
  if (found.kind !== 'text') return `found a ${found.kind}; `
  if (!isPublic(schema, path.map(String))) return 'found text; '
  return `found ${JSON.stringify(withoutPassword(found.text))}; `
}
