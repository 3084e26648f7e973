/** The contract of every set of objects that runs kura. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import type { Cleanup } from '../../support/cleanup.ts'
import { unexpectedWarnings } from '../../support/config-warnings.ts'
import { runKura } from '../../support/kura.ts'
import type { KubernetesObject } from './chart.ts'
import { type Deployment, deploymentsOf, faultsOf } from './consistency.ts'

/** Names of the objects that values and manifests refer to and that the cluster has before. */
const given = [
  'registry',
  'pull',
  'kura-auth',
  'kura-http',
  'kura-s3',
  'kura-redis',
  'kura-tokens',
  'registry-tls',
]

export function holds(
  cleanup: Cleanup,
  read: () => KubernetesObject[] | Promise<KubernetesObject[]>,
): void {
  let objects: readonly KubernetesObject[] = []
  let deployments: Deployment[] = []
  beforeAll(async () => {
    objects = await read()
    deployments = deploymentsOf(objects)
  })
  const dataOf = (name: string) =>
    (objects.find((it) => it.kind === 'ConfigMap' && it.metadata.name === name)?.data ??
      {}) as Record<string, string>

  it('fits together', () => {
    expect(deployments.length).toBeGreaterThan(0)
    expect(faultsOf(objects, given)).toEqual([])
  })

  it('sets what kura knows, and finds what it is told of in a mount', async () => {
    const file = join(await cleanup.folder(), 'config.yml')
    await writeFile(file, dataOf('kura')['config.yml'] ?? '')
    for (const { spec } of deployments) {
      const [{ env, volumeMounts, args }] = spec.template.spec.containers
      const secret = 'a value of a secret that is long enough'
      const variables = Object.fromEntries(env.map(({ name, value }) => [name, value ?? secret]))
      const { code, stdout, stderr } = await runKura(['config', file], { env: variables })
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(unexpectedWarnings(stdout)).toEqual([])
      for (const name of Object.keys(variables)) expect(stdout).toContain(`# ${name}`)
      // A worker needs neither certificate nor passwords.
      const needed = args[0] === 'worker' ? [] : [...stdout.matchAll(/: (\/(?:etc|var)\/\S+)/g)]
      const mounts = volumeMounts.map(({ mountPath }) => `${mountPath}/`)
      for (const [, path] of needed)
        expect(mounts.some((it) => `${path}/`.startsWith(it))).toBe(true)
    }
  })

  it('gives policies that kura accepts', async () => {
    const folder = await cleanup.folder()
    const policies = Object.entries(dataOf('kura-policies'))
    for (const [name, text] of policies) await writeFile(join(folder, name), text)
    if (policies.length === 0) return
    const { code, stderr } = await runKura(['policy', 'test', folder])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('lets kura do nothing that it need not, and end what it has begun', () => {
    const drain = Number(/draintimeout: (\d+)s/.exec(dataOf('kura')['config.yml'] ?? '')?.[1])
    for (const { spec } of deployments) {
      const pod = spec.template.spec
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 65532 })
      expect(pod.automountServiceAccountToken).toBe(false)
      expect(pod.containers[0].securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      // The pause before it is told to stop counts too.
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(drain + 5)
    }
  })
}
