/**
 * The shape of a schema for the rest of kura: a section, a map, a list or a leaf, with the notes on it.
 * Wrappers such as optional and default values disappear here.
 */
import { z } from 'zod'

type Notes = Readonly<z.GlobalMeta> & { readonly optional?: boolean; readonly fallback?: unknown }

export type Shape = Notes &
  (
    | { kind: 'section'; fields: Record<string, z.ZodType> }
    | { kind: 'map'; item: z.ZodType }
    | { kind: 'list'; item: z.ZodType }
    | { kind: 'leaf' }
  )

export function shapeOf(schema: z.ZodType): Shape {
  const notes = { ...schema.meta() }
  if (schema instanceof z.ZodOptional) {
    return { ...shapeOf(inner(schema)), ...notes, optional: true }
  }
  if (schema instanceof z.ZodPrefault) {
    return { ...shapeOf(inner(schema)), ...notes, fallback: schema.def.defaultValue }
  }
  if (schema instanceof z.ZodObject) return { ...notes, kind: 'section', fields: schema.shape }
  if (schema instanceof z.ZodRecord) return { ...notes, kind: 'map', item: inner(schema) }
  if (schema instanceof z.ZodArray) return { ...notes, kind: 'list', item: inner(schema) }
  return { ...notes, kind: 'leaf' }
}

/** Zod types what it wraps as its core's schemas; all of ours are the full ones. */
const inner = (schema: z.ZodOptional | z.ZodPrefault | z.ZodRecord | z.ZodArray) =>
  (schema instanceof z.ZodRecord ? schema.valueType : schema.unwrap()) as z.ZodType

/** The schema of the child `name`, whatever kind of parent `schema` is; undefined without one. */
export function childOf(schema: z.ZodType, name: string): z.ZodType | undefined {
  const shape = shapeOf(schema)
  if (shape.kind === 'map' || shape.kind === 'list') return shape.item
  if (shape.kind === 'section' && Object.hasOwn(shape.fields, name)) return shape.fields[name]
  return undefined
}

/** Whether what stands at `path` may be shown: it is a leaf, and nothing down to it is secret. */
export function isPublic(schema: z.ZodType, [name, ...rest]: readonly string[]): boolean {
  const shape = shapeOf(schema)
  if (shape.secret) return false
  if (name === undefined) return shape.kind === 'leaf'
  const child = childOf(schema, name)
  return child !== undefined && isPublic(child, rest)
}

/** Hides the account that a URL may carry. */
export const withoutAccount = (text: string) => text.replace(/\/\/[^/\s]*@/g, '//********@')

export type Setting = { path: string[]; shape: Shape }

/**
 * Every section and every setting, parents first. The steps of a path that users choose themselves
 * read `<name>` for a key and `0` for a place in a list.
 */
export function* settingsOf(schema: z.ZodType, path: string[] = []): Generator<Setting> {
  const shape = shapeOf(schema)
  yield { path, shape }
  if (shape.kind === 'section') {
    for (const [name, field] of Object.entries(shape.fields)) {
      yield* settingsOf(field, [...path, name])
    }
  }
  if (shape.kind === 'map') yield* settingsOf(shape.item, [...path, '<name>'])
  if (shape.kind === 'list') yield* settingsOf(shape.item, [...path, '0'])
}

export const variableOf = (path: readonly string[]) =>
  ['REGISTRY', ...path.map((step) => (step === '<name>' ? step : step.toUpperCase()))].join('_')
