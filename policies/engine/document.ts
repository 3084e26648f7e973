/** A policy file as YAML: plain values of text, lists and sections, and the place of each. */
import type { Places, Position } from '../../documents/position.ts'
import { faultText } from '../../documents/problems.ts'
import { readYaml } from '../../documents/yaml.ts'

/** `file` is what messages call it. */
export type Source = { file: string; text: string }

/** One thing that is wrong, and where. */
export type Problem = Position & { file: string; message: string }

export type PolicyDocument = {
  file: string
  value: unknown
  places: Places
}

/** Either the document or everything that keeps it from being one. */
export function readDocument({ file, text }: Source): {
  document?: PolicyDocument
  problems: Problem[]
} {
  const { document, places, faults } = readYaml(text)
  const fail = (message: string, offset = 0) => ({ file, message, ...places.at(offset) })
  const problems = [
    ...faults.map((it) => fail(faultText(it, { maySayText: true }), it.offset)),
    ...document.warnings.map((it) => fail(`this is not valid YAML: ${it.message}`, it.pos[0])),
  ]
  if (problems.length > 0) return { problems }

  try {
    const value: unknown = withoutEmpty(document.toJS({ maxAliasCount: -1 }))
    // A file that lost its content, say on a full disk, may not take its rules out of force.
    if (value === undefined) return { problems: [fail('is empty; write rules, or remove it')] }
    return { problems: [], document: { file, value, places } }
  } catch (cause) {
    return { problems: [fail(`this is not valid YAML: ${(cause as Error).message}`)] }
  }
}

/** A key without a value is as good as absent; so says the schema, and not that "" is no list. */
function withoutEmpty(value: unknown): unknown {
  if (value === null || value === '') return undefined
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withoutEmpty(child)]))
}
