/** The plain manifests are what the chart makes, and hold what holds for it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { useCleanup } from '../support/cleanup.ts'
import { describeWith } from '../support/programs.ts'
import { type KubernetesObject, objectsOf, render } from './helm/chart.ts'
import { holds } from './helm/holds.ts'
import { manifests } from './helm/manifests.ts'

const folder = join(import.meta.dirname, '../../deploy/kubernetes')

const read = (file: string) => objectsOf(readFileSync(join(folder, file), 'utf8'))

/** Helm prints objects in the order in which it installs them. */
function sorted(objects: KubernetesObject[]): KubernetesObject[] {
  const keyOf = ({ kind, metadata }: KubernetesObject) => `${kind}/${metadata.name}`
  return objects.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

/** Labels and annotations that only Helm needs. */
const ofHelm = /^(?:helm\.sh\/.*|app\.kubernetes\.io\/(?:version|managed-by)|checksum\/config)$/

function withoutHelm(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHelm)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value)
    .filter(([key]) => !ofHelm.test(key))
    .map(([key, it]) => [key, /[.]ya?ml$/.test(key) ? parse(it) : withoutHelm(it)] as const)
  return Object.fromEntries(
    entries.filter(([key, it]) => key !== 'annotations' || Object.keys(it as object).length > 0),
  )
}

describe.each(Object.entries(manifests))('%s', (file, values) => {
  const cleanup = useCleanup()

  describeWith(['helm'], 'beside the chart', () => {
    it('is what the chart makes', async () => {
      const made = sorted(await render({ values })).map(withoutHelm)
      expect(sorted(read(file)).map(withoutHelm)).toEqual(made)
    })
  })

  holds(cleanup, () => read(file))
})
