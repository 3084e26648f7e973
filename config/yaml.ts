/**
 * Reads YAML without deciding what it means: every scalar stays the text that was written, so
 * `0123`, `1e5` and `no` are for the schema to judge. Null and nothing are empty.
 */
import { isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml'
import { startOf } from '../documents/position.ts'
import { faultText } from '../documents/problems.ts'
import { readYaml, type Yaml } from '../documents/yaml.ts'
import { ConfigError } from './problems.ts'
import type { Tree } from './tree.ts'

type Place = (line: number, column?: number) => string
type Reader = Pick<Yaml, 'targetOf'> & { placeAt: (offset: number) => string }

/** `place` writes a place as messages and origins say it: values have a line, faults a column too. */
export function parseYaml(text: string, place: Place): Tree {
  const { document, places, targetOf, faults } = readYaml(text)
  const problems = faults.map((fault) => {
    const { line, column } = places.at(fault.offset)
    return `${place(line, column)}: ${faultText(fault, { maySayText: false })}`
  })
  if (problems.length > 0) throw new ConfigError(problems)

  const placeAt = (offset: number) => place(places.at(offset).line)
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
