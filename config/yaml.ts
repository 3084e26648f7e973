/**
 * Reads YAML without deciding what it means: every scalar stays the text that was written, so
 * `0123`, `1e5` and `no` are for the schema to judge. Null and nothing are empty.
 */
import { isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml'
import { readYaml, startOf, type Yaml } from '../documents/yaml.ts'
import { ConfigError } from './problems.ts'
import type { Tree } from './tree.ts'

type Place = (line: number, column?: number) => string
type Reader = Pick<Yaml, 'targetOf'> & { placeAt: (offset: number) => string }

export function parseYaml(text: string, place: Place): Tree {
  const { document, lines, targetOf, faults } = readYaml(text)
  const problems = faults.map(({ offset, message, hint }) => {
    const { line, col } = lines.linePos(offset)
    // The text behind the second colon quotes the source, which may be a secret.
    const said = message.split(': ').slice(0, 2).join(': ')
    return `${place(Math.max(line, 1), col)}: ${said}${hint ? `; ${hint}` : ''}`
  })
  if (problems.length > 0) throw new ConfigError(problems)

  const placeAt = (offset: number) => place(lines.linePos(offset).line)
  return convert({ targetOf, placeAt }, document.contents, 0)
}

function convert(reader: Reader, node: unknown, offset: number): Tree {
  const place = reader.placeAt(offset)
  if (isAlias(node)) return convert(reader, reader.targetOf(node), offset)
  if (isSeq(node)) {
    const items = node.items.map((item) => convert(reader, item, startOf(item) ?? offset))
    return { kind: 'list', place, items }
  }
  if (isMap(node)) return { kind: 'section', place, entries: entriesOf(reader, node) }
  if (!isScalar(node) || isNull(node)) return { kind: 'empty', place }
  return { kind: 'text', place, text: String(node.value) }
}

/** The pairs of a map. Pairs merged in with `<<` yield to those written beside it. */
function entriesOf(reader: Reader, node: YAMLMap): Map<string, Tree> {
  const entries = new Map<string, Tree>()
  const merged: [string, Tree][] = []
  for (const { key, value } of node.items) {
    const child = convert(reader, value, startOf(key) ?? 0)
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

const isNull = ({ value, type }: Scalar) =>
  value === '' ||
  value === null ||
  (type === 'PLAIN' && /^(?:~|null|Null|NULL)$/.test(String(value)))
