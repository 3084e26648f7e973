/** Explains the faults of policy files: the place, the value found, the values allowed. */
import type { z } from 'zod'
import { nearest } from '../../documents/nearest.ts'
import { type Position, placeText, type Steps } from '../../documents/position.ts'
import { DocumentError, ruleOf } from '../../documents/problems.ts'
import type { PolicyDocument, Problem } from './document.ts'
import { policyFileSchema, ruleSchema, testSchema } from './schema.ts'

/** Everything that keeps policies from being used, told at once. */
export class PolicyError extends DocumentError {
  override readonly name = 'PolicyError'

  constructor(problems: readonly string[]) {
    super('the policies', problems)
  }
}

export const problemText = (problem: Problem) => `${placeText(problem)}: ${problem.message}`

export function problem(
  { file }: PolicyDocument,
  position: Position,
  [steps, message]: [Steps, string],
): Problem {
  const key = keyText(steps)
  return { file, ...position, message: key === '' ? message : `${key} ${message}` }
}

/** `rules[1].actions[0]` */
function keyText(steps: Steps): string {
  return steps
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '')
}

/** The problems that the schema found in a document. */
export function explain(issue: z.core.$ZodIssue, document: PolicyDocument): Problem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const steps = [...issue.path, key]
      return problem(document, document.places.ofKey(steps), [steps, unknownKey(key, issue.path)])
    })
  }
  const message = `${foundAt(document.value, issue)}${ruleWithHint(issue)}`
  const isKey = issue.code === 'invalid_key'
  const position = isKey ? document.places.ofKey(issue.path) : document.places.of(issue.path)
  return [problem(document, position, [issue.path, message])]
}

function unknownKey(key: string, [first]: Steps): string {
  const shapes: Record<string, z.ZodObject> = { rules: ruleSchema, tests: testSchema }
  const known = Object.keys((shapes[String(first)] ?? policyFileSchema).shape)
  return `is no key known here; ${suggestion(key, known)}known are ${known.join(', ')}`
}

/** A word that is none of those allowed may be one of them misspelt. */
function ruleWithHint(issue: z.core.$ZodIssue): string {
  const rule = ruleOf(issue)
  if (issue.code !== 'invalid_value' || typeof issue.input !== 'string') return rule
  const hint = suggestion(issue.input, issue.values.map(String))
  return hint === '' ? rule : `${rule}; ${hint.trimEnd()}`
}

function foundAt(value: unknown, { code, path }: z.core.$ZodIssue): string {
  if (code === 'invalid_key') return `(${JSON.stringify(path.at(-1))}) `
  const found = path.reduce<unknown>((it, step) => Object(it)[step], value)
  if (found === undefined) return 'is missing; it '
  if (typeof found === 'string') return `(${JSON.stringify(found)}) `
  return code === 'invalid_type' ? `is a ${Array.isArray(found) ? 'list' : 'section'}; it ` : ''
}

/** The start of a name, or one with few typing errors in it; far-off names are not offered. */
export function suggestion(written: string, known: readonly string[]): string {
  const lower = written.toLowerCase()
  const begun = known.find((it) => lower !== '' && it.startsWith(lower))
  const found = begun ?? nearest(lower, known)
  return found === undefined ? '' : `did you mean ${found}? `
}
