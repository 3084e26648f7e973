/**
 * Prints the configuration in force, one line a setting with the place it comes from, for `kura config`.
 * The output is itself a configuration, but for the secrets, which are hidden.
 */
import type { z } from 'zod'
import { readConfig } from '../../config/load.ts'
import { type Config, schema } from '../../config/schema.ts'
import { type Shape, shapeOf, withoutAccount } from '../../config/shape.ts'
import type { Origins } from '../../config/tree.ts'
import type { Environment } from '../../config/variables/environment.ts'
import { findProblems, warningsOf } from '../checks/checks.ts'
import type { Command } from '../checks/config-refusals.ts'

type Options = {
  path?: string
  env: Environment
  /** The command that is to start with it. */
  command?: Command
  write: (text: string) => void
}

/** A key without a value of its own, such as `http:`, comes from nowhere. */
type Line = { text: string; origin?: string }

/** Lines longer than this do not push the comments of all others to the right. */
const widest = 60

/** The exit code: 1 where kura would not start with it, and then what it prints begins with why. */
export async function printConfig(options: Options): Promise<number> {
  const { path, env, command = 'serve', write } = options
  const loaded = await readConfig({ path, env })
  const { config, origins } = loaded
  const problems = findProblems(command, loaded)
  for (const problem of problems) write(`# kura ${command} would not start: ${problem}\n`)
  // A problem is among the warnings too where kura knows the setting.
  const told = problems.join('\n')
  const warnings = warningsOf(command, loaded).filter((it) => !told.includes(it))
  for (const warning of warnings) write(`# ${warning}\n`)
  printSettings(config, origins, write)
  return problems.length > 0 ? 1 : 0
}

function printSettings(config: Config, origins: Origins, write: Options['write']): void {
  const lines = linesOf(config, { schema, path: [], origins, secret: false })
  const fitting = lines.map(({ text }) => text.length).filter((length) => length <= widest)
  const width = Math.max(0, ...fitting)
  for (const { text, origin } of lines) {
    write(origin ? `${text.padEnd(width)}  # ${origin.replace(/^variable /, '')}\n` : `${text}\n`)
  }
}

type Place = { schema: z.ZodType; path: string[]; origins: Origins; secret: boolean }

/** The lines of everything inside `value`. */
function linesOf(value: unknown, place: Place): Line[] {
  return childrenOf(value, shapeOf(place.schema)).flatMap(({ name, label, child, schema }) => {
    const path = [...place.path, name]
    const shape = shapeOf(schema)
    const secret = place.secret || shape.secret === true
    const inner = linesOf(child, { ...place, schema, path, secret })
    if (inner.length === 0) {
      const origin = place.origins.get(path.join('.')) ?? 'default'
      return [{ text: `${label} ${written(child, { ...shape, secret })}`, origin }]
    }
    return label === '-' ? asItem(inner) : [{ text: label }, ...inner.map(indent)]
  })
}

type Child = { name: string; label: string; child: unknown; schema: z.ZodType }

function childrenOf(value: unknown, shape: Shape): Child[] {
  switch (shape.kind) {
    case 'leaf':
      return []
    case 'section':
      return Object.entries(shape.fields)
        .map(([name, schema]) => ({ name, label: `${name}:`, child: valueAt(value, name), schema }))
        .filter(({ child }) => child !== undefined)
    case 'map':
      return Object.entries(value as Record<string, unknown>).map(([name, child]) => ({
        name,
        label: `${scalar(name)}:`,
        child,
        schema: shape.item,
      }))
    case 'list':
      return (value as unknown[]).map((child, index) => ({
        name: `${index}`,
        label: '-',
        child,
        schema: shape.item,
      }))
  }
}

const valueAt = (section: unknown, name: string) => (section as Record<string, unknown>)[name]

const indent = ({ text, origin }: Line): Line => ({ text: `  ${text}`, origin })

const asItem = ([first, ...rest]: Line[]): Line[] =>
  first ? [{ ...first, text: `- ${first.text}` }, ...rest.map(indent)] : []

function written(value: unknown, shape: Shape): string {
  if (shape.kind === 'list') return '[]'
  if (shape.kind !== 'leaf') return '{}'
  if (shape.secret) return scalar('********')
  return scalar(shape.write ? shape.write(value as never) : withoutAccount(String(value)))
}

/** Text that YAML would read as something else is quoted the way JSON does it. */
const scalar = (text: string) =>
  /^-?(?:[\w./:][\w./:-]*)?[\w./]$/.test(text) && text.toLowerCase() !== 'null'
    ? text
    : JSON.stringify(text)
