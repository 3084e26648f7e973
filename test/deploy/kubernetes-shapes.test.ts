/**
 * Chart and manifests hold no field that Kubernetes does not know, and none of another type: tsc compares
 * them with types made from its OpenAPI description.
 */
import { globSync, readFileSync } from 'node:fs'
import { symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { useCleanup } from '../support/cleanup.ts'
import { describeWith } from '../support/programs.ts'
import { run } from '../support/run.ts'
import { chart, type KubernetesObject, objectsOf, readChart, render } from './helm/chart.ts'

const root = join(import.meta.dirname, '../..')
const deploy = join(root, 'deploy')

const manifests = () =>
  globSync('kubernetes/*.yaml', { cwd: deploy }).flatMap((file) =>
    objectsOf(readFileSync(join(deploy, file), 'utf8')),
  )

async function charts(): Promise<KubernetesObject[]> {
  const examples = globSync('ci/*.yaml', { cwd: chart })
  const made = await Promise.all(examples.map((file) => render({ values: readChart(file) })))
  return made.flat()
}

describe('the types of Kubernetes', () => {
  const cleanup = useCleanup()
  let folder: string

  beforeAll(async () => {
    folder = await cleanup.folder()
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  })

  /** The messages of tsc. */
  async function check(objects: readonly KubernetesObject[]): Promise<string> {
    const lines = objects.map(({ apiVersion, kind, ...rest }, at) => {
      const type = `import('kubernetes-models/${apiVersion}').I${kind}`
      const whole = JSON.stringify({ apiVersion, kind, ...rest })
      return `export const object${at}: ${type} = ${whole}`
    })
    await writeFile(join(folder, 'objects.ts'), `${lines.join('\n')}\n`)
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--module',
      'nodenext',
      '--types',
      '',
    ]
    const args = [join(root, 'node_modules/typescript/bin/tsc'), ...options, 'objects.ts']
    return run(process.execPath, args, { cwd: folder }).catch(({ message }: Error) => message)
  }

  describeWith(['helm'], 'with Helm', () => {
    it('fit the chart', async () => {
      const objects = await charts()
      expect(new Set(objects.map(({ kind }) => kind)).size).toBeGreaterThan(8)
      expect(await check(objects)).toBe('')
    })
  })

  it('fit the manifests', async () => {
    expect(await check(manifests())).toBe('')
  })

  it.each<[string, KubernetesObject]>([
    [
      'podSelecter',
      {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'a' },
        spec: { podSelector: {}, podSelecter: {} },
      },
    ],
    [
      'string',
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'a' },
        spec: { selector: { matchLabels: { a: 1 } } },
      },
    ],
  ])('would say what is wrong with %s', async (name, object) => {
    expect(await check([object])).toContain(name)
  })
})
