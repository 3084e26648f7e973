/** Reads the configuration: the file, then the variables, then the check of all of it together. */

import { placeText } from '../documents/position.ts'
import { mostYamlBytes } from '../documents/yaml.ts'
import { readAtMost } from '../files/bounded.ts'
import { explainPermission } from '../files/permission.ts'
import { ConfigError, explain } from './problems.ts'
import { layOver, type Protection, quickstart } from './quickstart.ts'
import { type Config, schema } from './schema.ts'
import { settle } from './settle.ts'
import {
  byDefault,
  emptySection,
  findAt,
  type Origins,
  originsOf,
  type Plain,
  put,
  type Tree,
  toPlain,
  treeOf,
} from './tree.ts'
import { type Findings, tellKey } from './unknown.ts'
import { applyVariables, type Environment, fileVariable } from './variables/environment.ts'
import { parseYaml } from './yaml.ts'

export type Loaded = {
  config: Config
  origins: Origins
  warnings: readonly string[]
  /** The reasons why it cannot be used, where all of it can be read even so. */
  problems: readonly string[]
  /** Where there is neither a file nor a variable that says how clients get in. */
  protection?: Protection
}

export type Source = {
  /** The file; without it the one that REGISTRY_CONFIGURATION_PATH names. */
  path?: string
  env: Environment
}

/** Throws a ConfigError for a configuration that cannot be used. */
export async function loadConfig(source: Source): Promise<Loaded> {
  const loaded = await readConfig(source)
  if (loaded.problems.length > 0) throw new ConfigError(loaded.problems, loaded.warnings)
  return loaded
}

/** The same for looking at only: throws where there is nothing to look at. */
export async function readConfig({ path, env }: Source): Promise<Loaded> {
  const findings: Findings = { warnings: [], problems: [] }
  const file = path || env[fileVariable]
  const written = file ? await parseFile(file) : emptySection(byDefault)
  const base = settle(written, schema, { onUnknown: (unknown) => tellKey(unknown, findings) })
  const varied = withLevel(applyVariables(base, { schema, env, findings }))
  const standing = file ? undefined : quickstart(process.cwd(), varied)
  const tree = standing ? withDefaults(varied, standing.settings) : varied

  const checked = schema.safeParse(toPlain(tree))
  const issues = checked.error?.issues.map((issue) => explain(issue, schema, tree)) ?? []
  const problems = [...findings.problems, ...issues]
  if (!checked.success) throw new ConfigError(problems, findings.warnings)

  const protection = standing?.protection
  return {
    config: checked.data,
    origins: originsOf(tree),
    warnings: findings.warnings,
    problems,
    ...(protection && { protection }),
  }
}

const unreadable: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'this is a folder, not a file',
}

async function parseFile(path: string): Promise<Tree> {
  const bytes = await readAtMost(path, mostYamlBytes).catch((cause: NodeJS.ErrnoException) => {
    const known =
      cause.code === 'EACCES' ? explainPermission(path, 'read') : unreadable[cause.code ?? '']
    throw new ConfigError([`${path}: ${known ?? cause.message}`])
  })
  const tree = parseYaml(bytes.toString(), (line, column) =>
    column === undefined ? `${path}:${line}` : placeText({ file: path, line, column }),
  )
  return tree.kind === 'empty' ? emptySection(path) : { ...tree, place: path }
}

function withDefaults(tree: Tree, defaults: Plain): Tree {
  return layOver(settle(treeOf(defaults, byDefault), schema), tree, schema)
}

/** `loglevel` is where version 1 had `log.level`. */
function withLevel(tree: Tree): Tree {
  const older = findAt(tree, ['loglevel'])
  return older && !findAt(tree, ['log', 'level']) ? put(tree, ['log', 'level'], older) : tree
}
