/**
 * A configuration as it was written: a tree of text, lists and sections, each with its place.
 * The schema gives it meaning later, when file and variables have become one tree.
 */
export type Tree =
  | { kind: 'empty'; place: string }
  | { kind: 'text'; place: string; text: string }
  | { kind: 'list'; place: string; items: Tree[] }
  | { kind: 'section'; place: string; entries: ReadonlyMap<string, Tree> }

/** Names of keys, and numbers of items. */
export type Path = readonly (string | number)[]

/** The place of what nobody wrote. */
export const byDefault = 'default'

export const emptySection = (place: string): Tree => ({
  kind: 'section',
  place,
  entries: new Map(),
})

export function childAt(tree: Tree | undefined, step: string | number): Tree | undefined {
  if (tree?.kind === 'section') return tree.entries.get(String(step))
  if (tree?.kind === 'list') return tree.items[Number(step)]
  return undefined
}

export const findAt = (tree: Tree, path: Path) => path.reduce<Tree | undefined>(childAt, tree)

/** `tree` with `value` at `path`; what is missing on the way has the place of `value`. */
export function put(tree: Tree | undefined, [step, ...rest]: Path, value: Tree): Tree {
  if (step === undefined) return value

  const child = put(childAt(tree, step), rest, value)
  if (typeof step === 'number') {
    const items = tree?.kind === 'list' ? [...tree.items] : []
    items[step] = child
    return { kind: 'list', place: tree?.place ?? value.place, items }
  }
  const entries = tree?.kind === 'section' ? tree.entries : []
  return {
    kind: 'section',
    place: tree?.place ?? value.place,
    entries: new Map([...entries, [step, child]]),
  }
}

/** The input of `treeOf`. */
export type Plain = string | readonly Plain[] | { readonly [name: string]: Plain }

/** A tree of plain values, all of which have the same place. */
export function treeOf(plain: Plain, place: string): Tree {
  if (typeof plain === 'string') return { kind: 'text', place, text: plain }
  if (isList(plain)) return { kind: 'list', place, items: plain.map((it) => treeOf(it, place)) }
  const entries = Object.entries(plain).map(([name, it]) => [name, treeOf(it, place)] as const)
  return { kind: 'section', place, entries: new Map(entries) }
}

const isList = (plain: Plain): plain is readonly Plain[] => Array.isArray(plain)

/** The same as plain values. */
export function toPlain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'empty':
      return undefined
    case 'text':
      return tree.text
    case 'list':
      return tree.items.map(toPlain)
    case 'section':
      return Object.fromEntries([...tree.entries].map(([name, child]) => [name, toPlain(child)]))
  }
}

/** Where each key was written, such as `config.yml:12` or `variable REGISTRY_HTTP_ADDR`. */
export type Origins = ReadonlyMap<string, string>

/** Where each key was written, by its full name; keys that nobody wrote are left out. */
export const originsOf = (tree: Tree): Origins => new Map(placesIn(tree, []))

function* placesIn(tree: Tree, path: Path): Generator<[key: string, place: string]> {
  if (path.length > 0 && tree.place !== byDefault) yield [path.join('.'), tree.place]

  const items = tree.kind === 'list' ? tree.items.entries() : []
  const children = tree.kind === 'section' ? tree.entries : items
  for (const [step, child] of children) yield* placesIn(child, [...path, step])
}
