/** A policy file as YAML: plain values of text, lists and sections, and the place of each. */
import { type Document, isAlias, isMap, isScalar, isSeq } from 'yaml'
import { readYaml, startOf } from '../../documents/yaml.ts'

/** `file` is what messages call it. */
export type Source = { file: string; text: string }

export type Position = { line: number; column: number }

export type Steps = readonly PropertyKey[]

/** One thing that is wrong, and where. */
export type Problem = Position & { file: string; message: string }

export type PolicyDocument = {
  file: string
  value: unknown
  /** Where the value at `steps` stands, or the nearest thing around it. */
  placeOf: (steps: Steps) => Position
  /** Where the key stands that `steps` end in. */
  placeOfKey: (steps: Steps) => Position
}

/** Either the document or everything that keeps it from being one. */
export function readDocument({ file, text }: Source): {
  document?: PolicyDocument
  problems: Problem[]
} {
  const { document, lines, faults } = readYaml(text)
  const at = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const fail = (message: string, offset = 0) => ({ file, message, ...at(offset) })
  const problems = [
    ...faults.map((it) => fail(`${it.message}${it.hint ? `; ${it.hint}` : ''}`, it.offset)),
    ...document.warnings.map((it) => fail(`this is not valid YAML: ${it.message}`, it.pos[0])),
  ]
  if (problems.length > 0) return { problems }

  try {
    const value: unknown = withoutEmpty(document.toJS({ maxAliasCount: -1 }))
    // A file that lost its content, say on a full disk, may not take its rules out of force.
    if (value === undefined) return { problems: [fail('is empty; write rules, or remove it')] }
    const find = (steps: Steps, key: boolean) => at(offsetOf(document, steps, key))
    return {
      problems: [],
      document: {
        file,
        value,
        placeOf: (steps) => find(steps, false),
        placeOfKey: (steps) => find(steps, true),
      },
    }
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

/** An alias is where it is written, and what is inside it where its anchor is. */
function offsetOf(document: Document.Parsed, steps: Steps, wantsKey: boolean): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [index, step] of steps.entries()) {
    const { key, value } = childOf(isAlias(node) ? node.resolve(document) : node, step)
    const isKey = wantsKey && index === steps.length - 1
    offset = (isKey ? undefined : startOf(value)) ?? startOf(key) ?? offset
    node = value
  }
  return offset
}

function childOf(node: unknown, step: PropertyKey): { key?: unknown; value?: unknown } {
  if (isSeq(node)) return { value: node.items[Number(step)] }
  if (!isMap(node)) return {}
  return node.items.find(({ key }) => isScalar(key) && key.value === step) ?? {}
}
