/**
 * YAML written by hand, within bounds: its bytes, its depth, and what its aliases make of it. Each
 * alias is followed once, so a small file that stands for billions of values costs what it weighs.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import { createPlaces, type Places, startOf } from './position.ts'

/** `offset` is its place. The part of `message` behind the colon quotes the text. */
export type YamlFault = { offset: number; message: string; hint?: string }

export type Yaml = {
  document: Document.Parsed
  places: Places
  /** The node an alias stands for. */
  targetOf: (alias: Alias) => Node | undefined
  /** Nothing else may be used once there is one. */
  faults: YamlFault[]
}

/** Far above any configuration and any set of rules, as are all the bounds. */
export const mostYamlBytes = 1024 * 1024
const most = { depth: 20, values: 100_000, aliases: 500, faults: 20 }

export function readYaml(text: string): Yaml {
  if (text.length > mostYamlBytes) {
    return failed(`this has more than ${mostYamlBytes} bytes, which is the most for such a file`)
  }
  const lines = new LineCounter()
  const settings = { schema: 'failsafe', prettyErrors: false, lineCounter: lines } as const
  // To compare each key with all others of its map takes hours where there are many.
  const document = parseDocument(text, { ...settings, uniqueKeys: false })
  const faults = document.errors.slice(0, most.faults).map((error) => faultOf(error, text))
  const targets = new Map<Alias, Node>()
  const targetOf = (alias: Alias) => targets.get(alias)
  if (faults.length === 0) faults.push(...weigh(document, targets))
  return { document, places: createPlaces(document, lines), targetOf, faults }
}

function failed(message: string): Yaml {
  const empty = parseDocument('')
  const places = createPlaces(empty, new LineCounter())
  return { document: empty, places, targetOf: () => undefined, faults: [{ offset: 0, message }] }
}

function faultOf({ code, message, pos: [offset] }: YAMLError, text: string): YamlFault {
  if (code === 'RESOURCE_EXHAUSTION') return { offset, message: 'this is nested too deeply' }
  const hint = hintAt(code, text.slice(Math.max(0, offset - 1), offset + 2))
  return { offset, message: `this is not valid YAML: ${message}`, ...(hint && { hint }) }
}

const quotesFor = (what: string) =>
  `text that begins with ${what} has to be in quotes, as in ["${what}"]`
const starHint = quotesFor('*')

function hintAt(code: YAMLError['code'], around: string): string | undefined {
  if (code === 'BAD_ALIAS') return starHint
  const [, start] = /([@`%])/.exec(around) ?? []
  if (code === 'BAD_SCALAR_START' && start) return quotesFor(start)
  if (around.includes('${') || around.includes('{')) return 'text with { or } has to be in quotes'
  return undefined
}

/** The faults of the document as a whole; fills `targets`. */
function weigh(document: Document.Parsed, targets: Map<Alias, Node>): YamlFault[] {
  const faults: YamlFault[] = []
  const anchors = new Map<string, Node>()
  const weights = new Map<Node, number>()
  let isHeavy = false
  const fault = (offset: number, message: string, hint?: string) => {
    // One of a kind is enough, and the rest of them may be many.
    if (faults.length < most.faults) faults.push({ offset, message, ...(hint && { hint }) })
    return 0
  }
  weightOf(document.contents, 0, 0)
  return faults

  function weightOf(node: unknown, offset: number, depth: number): number {
    if (isHeavy) return 0
    if (depth > most.depth) return fault(offset, 'this is nested too deeply')
    const at = startOf(node) ?? offset
    if (isAlias(node)) return weightOfAlias(node, at)
    return isMap(node) || isSeq(node) || isScalar(node) ? weightOfNode(node, at, depth) : 1
  }

  function weightOfNode(node: Exclude<Node, Alias>, at: number, depth: number): number {
    if (node.anchor) anchors.set(node.anchor, node)
    if (isMap(node)) tellRepeated(node, fault)
    const weight = childrenOf(node).reduce(
      (sum: number, child) => sum + weightOf(child, at, depth + 1),
      1,
    )
    weights.set(node, weight)
    if (weight <= most.values || isHeavy) return weight
    isHeavy = true
    return fault(
      at,
      `this holds more than ${most.values} values, aliases counted as what they stand for`,
    )
  }

  function weightOfAlias(alias: Alias, at: number): number {
    const target = anchors.get(alias.source)
    if (!target) return fault(at, 'this alias has no anchor', starHint)
    targets.set(alias, target)
    if (targets.size > most.aliases) return fault(at, `there are more than ${most.aliases} aliases`)
    // Not weighed to its end yet: it contains itself.
    return weights.get(target) ?? fault(at, 'this is nested too deeply: it contains itself')
  }
}

function childrenOf(node: Node): unknown[] {
  if (isMap(node)) return node.items.flatMap(({ key, value }) => [key, value])
  return isSeq(node) ? node.items : []
}

function tellRepeated({ items }: YAMLMap, fault: (offset: number, message: string) => void): void {
  const seen = new Set<unknown>()
  for (const { key } of items) {
    if (!isScalar(key)) continue
    if (seen.has(key.value))
      fault(startOf(key) ?? 0, 'this is not valid YAML: Map keys must be unique')
    seen.add(key.value)
  }
}
