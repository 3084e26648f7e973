/** The place of a value in a document, as messages say it: `config.yml:12:4`. */
import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter } from 'yaml'

export type Position = { line: number; column: number }

/** Names of keys and numbers of items, from the top of the document. */
export type Steps = readonly PropertyKey[]

export const placeText = ({ file, line, column }: Position & { file: string }) =>
  `${file}:${line}:${column}`

export type Places = ReturnType<typeof createPlaces>

export function createPlaces(document: Document.Parsed, lines: LineCounter) {
  return {
    at,
    /** Of the value that `steps` lead to, or of the nearest thing around it. */
    of: (steps: Steps) => at(offsetOf(document, steps, { wantsKey: false })),
    /** Of the key that `steps` end in. */
    ofKey: (steps: Steps) => at(offsetOf(document, steps, { wantsKey: true })),
  }

  /** An empty document has no lines, yet its place is its first one. */
  function at(offset: number): Position {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }
}

/** Where a node begins; undefined for one that nobody wrote. */
export const startOf = (node: unknown) =>
  (node as { range?: [number] } | null | undefined)?.range?.[0]

/** An alias is where it is written, and what is inside it where its anchor is. */
function offsetOf(document: Document.Parsed, steps: Steps, { wantsKey }: { wantsKey: boolean }) {
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
