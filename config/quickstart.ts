/**
 * The configuration of someone who has none: this machine only, a folder beside the command, and
 * everything allowed that a first try needs. Variables are put over it.
 */
import { join } from 'node:path'
import type { z } from 'zod'
import { childOf, shapeOf } from './shape.ts'
import type { Tree } from './tree.ts'

export const quickstart = (folder: string) => `
version: 0.1
log:
  level: info
storage:
  filesystem:
    rootdirectory: ${JSON.stringify(join(folder, 'data'))}
  delete:
    enabled: true
http:
  addr: 127.0.0.1:5000
`

/** `tree` with what it leaves open taken from `base`; a driver it names replaces that of `base`. */
export function layOver(base: Tree, tree: Tree, schema: z.ZodType): Tree {
  if (base.kind !== 'section' || tree.kind !== 'section') return tree

  const { oneOf = [] } = shapeOf(schema)
  const decided = oneOf.some((name) => tree.entries.has(name))
  const entries = new Map(tree.entries)
  for (const [name, child] of base.entries) {
    const own = tree.entries.get(name)
    const field = childOf(schema, name)
    if (own && field) entries.set(name, layOver(child, own, field))
    if (!own && !(decided && oneOf.includes(name))) entries.set(name, child)
  }
  return { ...tree, entries }
}
