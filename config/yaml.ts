/**
 * Reads YAML without deciding what it means: every scalar stays the text that was written, so
 * `0123`, `1e5` and `no` are for the schema to judge. Null and nothing are empty.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  type YAMLMap,
} from 'yaml'
import { ConfigError } from './problems.ts'
import type { Tree } from './tree.ts'

type Place = (line: number, column?: number) => string
type Reader = { document: Document; placeAt: (offset: number) => string }

/** Far above any setting; stops an anchor that contains itself. */
const maxDepth = 20

export function parseYaml(text: string, place: Place): Tree {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { schema: 'failsafe', prettyErrors: false, lineCounter })
  const problems = document.errors.map(({ pos, message }) => {
    const { line, col } = lineCounter.linePos(pos[0])
    // What follows a colon quotes the source, which may be a secret.
    return `${place(line, col)}: this is not valid YAML: ${message.split(': ')[0]}`
  })
  if (problems.length > 0) throw new ConfigError(problems)

  const placeAt = (offset: number) => place(lineCounter.linePos(offset).line)
  return convert({ document, placeAt }, document.contents, { offset: 0, depth: 0 })
}

type At = { offset: number; depth: number }

function convert(reader: Reader, node: unknown, { offset, depth }: At): Tree {
  const place = reader.placeAt(offset)
  if (depth > maxDepth) throw new ConfigError([`${place}: this is nested too deeply`])

  if (isAlias(node)) {
    const target = node.resolve(reader.document)
    if (!target) throw new ConfigError([`${place}: this alias has no anchor`])
    return convert(reader, target, { offset, depth: depth + 1 })
  }
  if (isSeq(node)) {
    const items = node.items.map((item) =>
      convert(reader, item, { offset: startOf(item) ?? offset, depth: depth + 1 }),
    )
    return { kind: 'list', place, items }
  }
  if (isMap(node)) return { kind: 'section', place, entries: entriesOf(reader, node, depth) }
  if (!isScalar(node) || isNull(node)) return { kind: 'empty', place }
  return { kind: 'text', place, text: String(node.value) }
}

/** The pairs of a map. What is merged in with `<<` yields to what is written beside it. */
function entriesOf(reader: Reader, node: YAMLMap, depth: number): Map<string, Tree> {
  const entries = new Map<string, Tree>()
  const merged: [string, Tree][] = []
  for (const { key, value } of node.items) {
    const child = convert(reader, value, { offset: startOf(key) ?? 0, depth: depth + 1 })
    if (isMerge(key)) merged.push(...mergeable(child))
    else entries.set(isScalar(key) ? String(key.value) : String(key), child)
  }
  return new Map([...merged.reverse(), ...entries])
}

const isMerge = (key: unknown) => isScalar(key) && key.type === 'PLAIN' && key.value === '<<'

function mergeable(tree: Tree): [string, Tree][] {
  if (tree.kind === 'section') return [...tree.entries]
  return tree.kind === 'list' ? tree.items.flatMap(mergeable) : []
}

const startOf = (node: unknown) => (node as { range?: [number] } | null)?.range?.[0]

const isNull = ({ value, type }: Scalar) =>
  value === '' ||
  value === null ||
  (type === 'PLAIN' && /^(?:~|null|Null|NULL)$/.test(String(value)))
