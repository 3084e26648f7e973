/** From the files of a folder to a policy: read, checked as a whole, and put to their own tests. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { placeText } from '../../documents/position.ts'
import { mostYamlBytes } from '../../documents/yaml.ts'
import { readAtMost } from '../../files/bounded.ts'
import { explainPermission } from '../../files/permission.ts'
import { findDoubts, findIncoherences } from './coherence.ts'
import type { Policy } from './decision.ts'
import { type PolicyDocument, type Problem, readDocument, type Source } from './document.ts'
import { compilePolicy } from './evaluate.ts'
import { explain, PolicyError, problemText } from './problems.ts'
import { type PolicyFile, policyFileSchema } from './schema.ts'
import { findFailures } from './tests.ts'

type Counts = { files: number; groups: number; rules: number; tests: number }

export type Loaded = {
  policy: Policy
  counts: Counts
  /** The tests in the files that did not come out as expected, as sentences with their place. */
  failures: readonly string[]
  /** Rules that can be used but are most likely a mistake, with their places. */
  doubts: readonly string[]
}

/** A policy that passes its own tests, or a PolicyError with everything that is wrong. */
export function buildPolicy(sources: readonly Source[]): Loaded {
  const loaded = checkSources(sources)
  if (loaded.failures.length > 0) throw new PolicyError(loaded.failures)
  return loaded
}

/** The same, where failing tests are something to tell rather than to stop at. */
export function checkSources(sources: readonly Source[]): Loaded {
  const read = sources.map(readDocument)
  const documents = read.flatMap(({ document }) => (document ? [document] : []))
  const checked = documents.map((document) => checkDocument(document))
  const problems = [
    ...read.flatMap((it) => it.problems),
    ...checked.flatMap((it) => it.problems),
    // A group may be defined in the file that is not YAML.
    ...(documents.length === sources.length ? findIncoherences(documents) : []),
  ]
  if (problems.length > 0) {
    const files = sources.map(({ file }) => file)
    throw new PolicyError(inOrder(problems, files).map(problemText))
  }

  const files = checked.flatMap(({ file }) => (file ? [file] : []))
  const rules = files.flatMap((file) => file.rules)
  const tests = files.flatMap((file) => file.tests)
  if (rules.length === 0) throw new PolicyError(['there is no rule, so nobody might do anything'])

  const policy = compilePolicy(files)
  const groups = files.flatMap((file) => Object.keys(file.groups)).length
  const counts = { files: files.length, groups, rules: rules.length, tests: tests.length }
  const doubts = findDoubts(documents).map(problemText)
  return { policy, counts, failures: findFailures(policy, tests), doubts }
}

function checkDocument(document: PolicyDocument) {
  const { file, value, places } = document
  const { data, error } = policyFileSchema.safeParse(value, { reportInput: true })
  if (!data) return { problems: error.issues.flatMap((issue) => explain(issue, document)) }

  const { groups = {}, rules = [], tests = [] } = data
  const checked: PolicyFile = {
    groups,
    rules: rules.map((rule, index) => ({ ...rule, file, line: places.of(['rules', index]).line })),
    tests: tests.map((test, index) => ({
      ...test,
      place: placeText({ file, ...places.of(['tests', index]) }),
    })),
  }
  return { problems: [], file: checked }
}

function inOrder(problems: Problem[], files: string[]): Problem[] {
  const place = ({ file }: Problem) => files.indexOf(file)
  return problems.toSorted((a, b) => place(a) - place(b) || a.line - b.line || a.column - b.column)
}

const unreadable: Record<string, string> = {
  ENOENT: 'there is no such folder',
  ENOTDIR: 'this is a file, not a folder',
  EISDIR: 'this is a folder, not a file',
}

/** The `*.yaml` and `*.yml` of a folder, sorted by name; what begins with a dot is not meant. */
export async function readPolicyFolder(folder: string): Promise<Source[]> {
  const names = await readdir(folder).catch(refuse(folder))
  const wanted = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).sort()
  if (wanted.length === 0) throw new PolicyError([`${folder}: there is no *.yaml in this folder`])
  return Promise.all(
    wanted.map(async (name) => {
      const file = join(folder, name)
      const bytes = await readAtMost(file, mostYamlBytes).catch(refuse(file))
      return { file, text: bytes.toString() }
    }),
  )
}

const refuse = (path: string) => (cause: NodeJS.ErrnoException) => {
  const known =
    cause.code === 'EACCES' ? explainPermission(path, 'read') : unreadable[cause.code ?? '']
  throw new PolicyError([`${path}: ${known ?? cause.message}`])
}
