/** The plain manifests are what the chart makes, and hold what holds for it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse, parseAllDocuments } from 'yaml'
import { useCleanup } from '../support/cleanup.ts'
import { holds } from './helm/holds.ts'
import { manifests } from './helm/manifests.ts'
import { type KubernetesObject, render } from './helm/render.ts'

const folder = join(import.meta.dirname, '../../deploy/kubernetes')

function read(file: string): KubernetesObject[] {
  const documents = parseAllDocuments(readFileSync(join(folder, file), 'utf8'))
  return documents.map((it) => it.toJS()).filter((it) => it !== null)
}

/** What only Helm needs. */
const ofHelm = /^(?:helm\.sh\/.*|app\.kubernetes\.io\/(?:version|managed-by)|checksum\/config)$/

function withoutHelm(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHelm)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value)
    .filter(([key]) => !ofHelm.test(key))
    .map(([key, it]) => [key, key.endsWith('.yml') ? parse(it) : withoutHelm(it)] as const)
  return Object.fromEntries(
    entries.filter(([key, it]) => key !== 'annotations' || Object.keys(it as object).length > 0),
  )
}

describe.each(Object.entries(manifests))('%s', (file, values) => {
  const cleanup = useCleanup()

  it('is what the chart makes', () => {
    expect(read(file).map(withoutHelm)).toEqual(render({ values }).objects.map(withoutHelm))
  })

  holds(cleanup, read(file))
})
