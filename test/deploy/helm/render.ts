/**
 * Renders the chart as `helm template` does: the values over those of the chart, then each template.
 * Helm is in no package that the tests could bring; this knows what the chart uses of its language, and
 * throws at anything else.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { functions, isTrue, merge, textOf } from './functions.ts'
import { type Expression, type Node, parseTemplate } from './parse.ts'

type Map = Record<string, unknown>
type Release = { Name: string; Namespace: string; Service: string }
export type Rendered = { text: Record<string, string>; objects: KubernetesObject[] }
export type KubernetesObject = {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
  [key: string]: unknown
}

type Options = {
  values?: Map
  name?: string
  /** What the cluster has already, by its name. */
  existing?: Record<string, Map>
}

const chart = join(import.meta.dirname, '../../../deploy/helm/kura')

export const readChart = (file: string) => parse(readFileSync(join(chart, file), 'utf8'))

export function render({ values = {}, name = 'kura', existing = {} }: Options = {}): Rendered {
  const { name: chartName, version, appVersion } = readChart('Chart.yaml')
  const release: Release = { Name: name, Namespace: 'registry', Service: 'Helm' }
  const data = {
    Values: merge(readChart('values.yaml'), values),
    Chart: { Name: chartName, Version: version, AppVersion: appVersion },
    Release: release,
  }
  const folder = join(chart, 'templates')
  const sources = readdirSync(folder).sort()
  const parsed = sources.map((file) => parseTemplate(readFileSync(join(folder, file), 'utf8')))
  const named = new Map(
    parsed.flat().flatMap((it) => (it.kind === 'define' ? [[it.name, it.body] as const] : [])),
  )
  const context = { named, lookup: (it: string) => existing[it] ?? {} }
  const all = sources.map((file, at) => {
    const scope = { dot: data, variables: new Map<string, unknown>([['$', data]]) }
    return [file, write(parsed[at] ?? [], scope, context)] as const
  })
  const text = Object.fromEntries(all.filter(([file]) => !file.startsWith('_')))
  return { text, objects: Object.entries(text).flatMap(([file, it]) => objectsOf(file, it)) }
}

function objectsOf(file: string, text: string): KubernetesObject[] {
  if (!file.endsWith('.yaml')) return []
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = [...document.errors, ...document.warnings]
    if (error) throw new Error(`${file}: ${error.message}`)
    return document.contents === null ? [] : [document.toJS()]
  })
}

type Scope = { dot: unknown; variables: ReadonlyMap<string, unknown> }
type Context = { named: ReadonlyMap<string, Node[]>; lookup: (name: string) => Map }

function write(nodes: readonly Node[], scope: Scope, context: Context): string {
  let { variables } = scope
  let text = ''
  for (const node of nodes) {
    const here = { dot: scope.dot, variables }
    if (node.kind === 'set') {
      variables = new Map(variables).set(node.name, evaluate(node.value, here, context))
    } else text += writeNode(node, here, context)
  }
  return text
}

function writeNode(node: Node, scope: Scope, context: Context): string {
  switch (node.kind) {
    case 'text':
      return node.text
    case 'print':
      return textOf(evaluate(node.value, scope, context))
    case 'if': {
      const branch = node.branches.find((it) => isTrue(evaluate(it.test, scope, context)))
      return write(branch?.body ?? node.otherwise, scope, context)
    }
    case 'with': {
      const dot = evaluate(node.value, scope, context)
      return isTrue(dot) ? write(node.body, { ...scope, dot }, context) : ''
    }
    case 'range':
      return entriesOf(evaluate(node.value, scope, context))
        .map(([key, dot]) => {
          const given = node.names.length === 1 ? [dot] : [key, dot]
          const own = node.names.map((name, at) => [name, given[at]] as const)
          const variables = new Map([...scope.variables, ...own])
          return write(node.body, { dot, variables }, context)
        })
        .join('')
    default:
      return ''
  }
}

function entriesOf(value: unknown): [key: unknown, item: unknown][] {
  if (Array.isArray(value)) return value.map((item, at) => [at, item])
  return Object.entries((value ?? {}) as Map).sort(([a], [b]) => (a < b ? -1 : 1))
}

function evaluate(expression: Expression, scope: Scope, context: Context): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value
    case 'field':
      return fieldOf(
        expression.variable ? scope.variables.get(expression.variable) : scope.dot,
        expression.path,
      )
    case 'call': {
      const args = expression.args.map((it) => evaluate(it, scope, context))
      return call(expression.name, args, context)
    }
  }
}

function fieldOf(start: unknown, path: readonly string[]): unknown {
  return path.reduce((value, name) => {
    if (value === undefined || value === null) throw new Error(`nothing has a field ${name}`)
    return (value as Map)[name]
  }, start)
}

function call(name: string, args: unknown[], context: Context): unknown {
  if (name === 'include') {
    const [template, dot] = args
    const body = context.named.get(textOf(template))
    if (!body) throw new Error(`there is no template ${template}`)
    return write(body, { dot, variables: new Map([['$', dot]]) }, context)
  }
  if (name === 'lookup') return context.lookup(textOf(args.at(-1)))
  const run = Object.hasOwn(functions, name) ? functions[name] : undefined
  if (!run) throw new Error(`there is no function ${name}`)
  return run(...(args as never[]))
}
