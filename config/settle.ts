/**
 * Brings a configuration into the schema's own form: other spellings become the key, a bare word becomes
 * the child it names (`storage: inmemory`), empty keys disappear. Unknown keys are reported.
 */
import type { z } from 'zod'
import { type Shape, shapeOf } from './shape.ts'
import { emptySection, type Tree } from './tree.ts'
import type { Unknown } from './unknown.ts'

type Section = Extract<Shape, { kind: 'section' }>
type List = Extract<Shape, { kind: 'list' }>
type Reading = { onUnknown?: (unknown: Unknown) => void; path?: readonly string[] }

export function settle(tree: Tree, schema: z.ZodType, reading: Reading = {}): Tree {
  const shape = shapeOf(schema)
  switch (shape.kind) {
    case 'leaf':
      return tree
    case 'section':
      return settleSection(named(tree, shape), shape, reading)
    case 'map':
      return settleMap(tree, shape.item, reading)
    case 'list':
      return settleList(tree, shape, reading)
  }
}

const into = ({ onUnknown, path = [] }: Reading, step: string | number): Reading => ({
  onUnknown,
  path: [...path, `${step}`],
})

function settleMap(tree: Tree, item: z.ZodType, reading: Reading): Tree {
  if (tree.kind !== 'section') return tree

  const written = [...tree.entries].filter(([, child]) => child.kind !== 'empty')
  const entries = written.map(
    ([name, child]) => [name, settle(child, item, into(reading, name))] as const,
  )
  return { ...tree, entries: new Map(entries) }
}

function settleList(tree: Tree, { item, single }: List, reading: Reading): Tree {
  if (tree.kind === 'text' && single) return { ...tree, kind: 'list', items: [tree] }
  if (tree.kind !== 'list') return tree

  const items = tree.items.map((child, index) => settle(child, item, into(reading, index)))
  return { ...tree, items }
}

/** `storage: inmemory` and `auth: none` are short for a section with that one child. */
function named(tree: Tree, { oneOf }: Section): Tree {
  if (!oneOf || tree.kind !== 'text') return tree
  const { place, text } = tree
  return { kind: 'section', place, entries: new Map([[text, emptySection(place)]]) }
}

function settleSection(tree: Tree, shape: Section, reading: Reading): Tree {
  if (tree.kind !== 'section') return tree

  const entries = new Map<string, Tree>()
  for (const [written, child] of tree.entries) {
    const [name, field] = fieldNamed(written, shape) ?? []
    if (!name || !field) {
      const { path = [] } = reading
      reading.onUnknown?.({ path, name: written, child, fields: Object.keys(shape.fields) })
      continue
    }
    const value = child.kind === 'empty' ? whenEmpty(name, child.place, shape) : child
    if (value) entries.set(name, settle(value, field, into(reading, name)))
  }
  return { ...tree, entries }
}

const fieldNamed = (written: string, { fields }: Section) =>
  Object.entries(fields).find(
    ([name, field]) => name === written || shapeOf(field).alias === written,
  )

/** Only where one of several is chosen does the mere name already say something. */
const whenEmpty = (name: string, place: string, { oneOf }: Section) =>
  oneOf?.includes(name) ? emptySection(place) : undefined
