/** The chart, and what Helm makes of it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { run } from '../../support/run.ts'

export type Values = Record<string, unknown>
export type KubernetesObject = {
  apiVersion: string
  kind: string
  metadata: { name: string; labels?: Record<string, string> }
  [key: string]: unknown
}

type Options = {
  values?: Values
  /** Of the release. */
  name?: string
  /** The API of the cluster that Helm may ask; without one it asks none. */
  cluster?: string
}

export const chart = join(import.meta.dirname, '../../../deploy/helm/kura')
/** The namespace of every release here. */
export const namespace = 'registry'

export const readChart = (file: string): Values => parse(readFileSync(join(chart, file), 'utf8'))

/** The objects that `helm template` prints. Rejects with Helm's message where it refuses the values. */
export async function render(options: Options = {}): Promise<KubernetesObject[]> {
  const { values = {}, name = 'kura', cluster } = options
  const asked = cluster
    ? ['--dry-run=server', '--disable-openapi-validation', '--kube-apiserver', cluster]
    : []
  const args = ['template', name, chart, '--namespace', namespace, '--values', '-', ...asked]
  return objectsOf(await run('helm', args, { input: JSON.stringify(values) }))
}

/** The objects of a text of many documents; one that YAML only warns of counts as broken. */
export function objectsOf(text: string): KubernetesObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [fault] = [...document.errors, ...document.warnings]
    if (fault) throw fault
    return document.contents === null ? [] : [document.toJS()]
  })
}
