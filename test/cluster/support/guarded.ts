/** A cluster under policies, with content that not everybody may see or change. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { addUser } from '../../../assembly/accounts/accounts.ts'
import { createCallSigner } from '../../../gateway/pool/call-signer.ts'
import { exchange } from '../../protocol/support/raw.ts'
import type { Cleanup } from '../../support/cleanup.ts'
import { next, send } from '../../support/http.ts'
import { digestOf, type Image, imageFrom, manifestType } from '../../support/image.ts'
import { chunkHeaders, expectStatus } from '../../support/push.ts'
import { createRandom } from '../../support/random.ts'
import { startTopology } from '../../support/topologies.ts'

const policies = `
rules:
  - { name: ann owns her team's, who: [ann], repositories: ["team/**", "inside/**"], actions: ["*"] }
  - { name: mallory has a home, who: [mallory], repositories: ["mallory/**"], actions: ["*"] }
  - { name: anyone inside may pull, who: ["*"], repositories: ["inside/**"], actions: [pull], from: [10.0.0.0/8] }
`

export type Guarded = Awaited<ReturnType<typeof startGuarded>>
type Headers = Record<string, string>

const passwordOf = (name: string) => `the secret of ${name}`
const basic = (name: string): string =>
  `Basic ${Buffer.from(`${name}:${passwordOf(name)}`).toString('base64')}`

/** The signed call of a gateway for a request by ann, with a secret that an attacker can guess. */
export function forgedIdentity(method: string, url: string): string {
  return createCallSigner('a guess at the secret of all').sign(
    { method, url },
    {
      requestId: 'a request',
      origin: 'http://registry.example',
      address: '10.1.1.1',
      readsBlobs: false,
      identity: { name: 'ann', groups: [], method: 'htpasswd' },
    },
  )
}

export async function startGuarded(cleanup: Cleanup) {
  const folder = await cleanup.folder()
  const file = join(folder, 'htpasswd')
  for (const name of ['ann', 'mallory']) {
    await addUser({ file, name, password: passwordOf(name), write: () => {} })
  }
  await writeFile(join(folder, 'team.yaml'), policies)
  const cluster = await startTopology('cluster', cleanup, {
    env: {
      REGISTRY_AUTH: 'htpasswd',
      REGISTRY_AUTH_HTPASSWD_REALM: 'Registry Realm',
      REGISTRY_AUTH_HTPASSWD_PATH: file,
      REGISTRY_KURA_POLICIES: folder,
    },
  })
  const as = (name: string): Headers => ({ authorization: basic(name) })
  const [url, ann] = [cluster.url, as('ann')]
  const image = imageFrom(createRandom(1).bytes(1000))
  for (const repository of ['team/app', 'inside/app']) await push(repository, image)
  const before = await state()

  return {
    url,
    image,
    as,
    /** `request` as it is, on a connection of its own; all that comes back until it is closed. */
    raw: (request: string) => exchange(Number(new URL(url).port), request),
    /** The content that an attacker might have changed: the same as before, if all is well. */
    state,
    before,
  }

  async function push(repository: string, { layers, config, manifest }: Image): Promise<void> {
    const base = `${url}/v2/${repository}`
    for (const bytes of [...layers, config]) {
      const begun = await send('POST', `${base}/blobs/uploads/`, { headers: ann })
      const target = next(begun, url, `digest=${digestOf(bytes)}`)
      const headers = { ...chunkHeaders, ...ann }
      expectStatus(await send('PUT', target, { headers, body: bytes }), 201)
    }
    const headers = { 'Content-Type': manifestType, ...ann }
    expectStatus(await send('PUT', `${base}/manifests/v1`, { headers, body: manifest }), 201)
  }

  /** As ann sees it, at each gateway, over connections that the attacks may have spoiled. */
  async function state() {
    const found: unknown[] = []
    for (const each of cluster.urls) {
      for (const path of ['_catalog', 'team/app/tags/list', 'inside/app/tags/list']) {
        const { status, body } = await send('GET', `${each}/v2/${path}`, { headers: ann })
        found.push([path, status, JSON.parse(`${body}`)])
      }
      const target = `${each}/v2/team/app/manifests/v1`
      const { status, headers } = await send('HEAD', target, { headers: ann })
      found.push([status, headers['docker-content-digest']])
    }
    return found
  }
}
