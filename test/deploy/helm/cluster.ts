/** As much of the API of a cluster as Helm asks before it renders: what kinds there are, and one Secret. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cleanup } from '../../support/cleanup.ts'
import { close, listening } from '../../support/http-server.ts'
import { type KubernetesObject, namespace } from './chart.ts'

type Secret = { name: string; data: Record<string, string> }

/** Answers the address of a cluster that knows the kinds of `objects`, and holds this Secret of the release kura. */
export async function clusterWith(
  cleanup: Cleanup,
  { objects, secret }: { objects: KubernetesObject[]; secret: Secret },
): Promise<string> {
  const { name, data } = secret
  // Helm takes nothing over that another release has made, or nobody.
  const metadata = {
    name,
    namespace,
    labels: { 'app.kubernetes.io/managed-by': 'Helm' },
    annotations: {
      'meta.helm.sh/release-name': 'kura',
      'meta.helm.sh/release-namespace': namespace,
    },
  }
  const answers = new Map<string, object>([
    ...kindsOf(objects),
    ['/version', { major: '1', minor: '35', gitVersion: 'v1.35.0' }],
    [
      `/api/v1/namespaces/${namespace}/secrets/${name}`,
      { apiVersion: 'v1', kind: 'Secret', metadata, data },
    ],
  ])
  const none = {
    apiVersion: 'v1',
    kind: 'Status',
    status: 'Failure',
    reason: 'NotFound',
    code: 404,
  }
  const server = createServer((request, response) => {
    const answer = answers.get((request.url ?? '').split('?')[0] ?? '')
    response.writeHead(answer ? 200 : 404, { 'Content-Type': 'application/json' })
    response.end(JSON.stringify(answer ?? none))
  })
  await listening(server, { port: 0, host: '127.0.0.1' })
  cleanup.add(() => close(server))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The pages on which a cluster lists its kinds: one for each version of each group. */
function kindsOf(objects: KubernetesObject[]): [path: string, answer: object][] {
  const versions = [...new Set(objects.map((it) => it.apiVersion))]
  const groups = versions.filter((it) => it.includes('/'))
  const pages = versions.map((groupVersion): [string, object] => {
    const kinds = new Set(
      objects.filter((it) => it.apiVersion === groupVersion).map((it) => it.kind),
    )
    const resources = [...kinds].map((kind) => ({
      kind,
      name: `${kind.toLowerCase()}s`,
      namespaced: true,
      verbs: ['get'],
    }))
    const path = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`
    return [path, { kind: 'APIResourceList', groupVersion, resources }]
  })
  const listed = groups.map((groupVersion) => {
    const [name, version] = groupVersion.split('/')
    const named = { groupVersion, version }
    return { name, versions: [named], preferredVersion: named }
  })
  return [
    ...pages,
    ['/api', { kind: 'APIVersions', versions: ['v1'] }],
    ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: listed }],
  ]
}
