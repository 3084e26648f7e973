/** Real clients sign in, push and pull where the registry is in workers, beside the gateways or apart. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { imageOf } from '../support/image.ts'
import { writeLayout } from '../support/oci-layout.ts'
import { describeWith } from '../support/programs.ts'
import { startTopology, type Topology, type TopologyKind } from '../support/topologies.ts'

const kinds = ['workers', 'cluster'] as const
const password = 'secret of ann'

const policies = `
rules:
  - { name: anyone may pull what is public, who: ["*"], repositories: ["public/**"], actions: [pull] }
  - { name: ann may do everything, who: [ann], repositories: ["**"], actions: ["*"] }
  - { name: a release stays, effect: deny, who: ["*"], repositories: ["**"], tags: ["v*"], actions: [overwrite, delete] }
`

const cleanup = useCleanup()
const started: Partial<Record<TopologyKind, Promise<Topology>>> = {}
/** The same for all clients, which have repositories of their own. */
const runAs = (kind: TopologyKind) => (started[kind] ??= startGuarded(kind))

/** Where ann signs in, under the policies above. */
async function startGuarded(kind: TopologyKind) {
  const folder = await cleanup.folder()
  const file = join(folder, 'htpasswd')
  await addUser({ file, name: 'ann', password, write: () => {} })
  await writeFile(join(folder, 'team.yaml'), policies)
  return startTopology(kind, cleanup, {
    env: {
      REGISTRY_AUTH: 'htpasswd',
      REGISTRY_AUTH_HTPASSWD_REALM: 'Registry Realm',
      REGISTRY_AUTH_HTPASSWD_PATH: file,
      REGISTRY_KURA_POLICIES: folder,
    },
  })
}

describeWith(['dockerd', 'docker', 'root'], 'docker, with workers', () => {
  let engine: DockerEngine

  beforeAll(async () => {
    engine = await startDockerEngine(cleanup)
  }, 300_000)

  it.each(kinds)('is refused, signs in, pushes and pulls: %s', async (kind) => {
    const kura = await runAs(kind)
    const { docker, folder } = engine
    const login = (word: string) =>
      docker('login', '--username', 'ann', '--password', word, kura.host)
    const build = async (content: string) => {
      const image = `${kura.host}/team/app:v1`
      await writeFile(join(folder, 'content'), content)
      await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY content /content\n')
      await docker('build', '--quiet', '--tag', image, folder)
      return image
    }
    const image = await build(`one, ${kind}`)
    await expect(docker('push', image)).rejects.toThrow(/access to the resource is denied/)
    await expect(login('a guess')).rejects.toThrow(/unauthorized: the credentials are not valid/)

    expect(await login(password)).toContain('Login Succeeded')
    await docker('push', image)
    await docker('image', 'rm', image)
    await docker('pull', image)
    await build(`two, ${kind}`)
    await expect(docker('push', image)).rejects.toThrow(/denied: a policy keeps this tag as it is/)
    await docker('logout', kura.host)
    await docker('image', 'rm', '--force', image)
    await expect(docker('pull', image)).rejects.toThrow(/denied/)
  })
})

describeWith(['skopeo'], 'skopeo, with workers', () => {
  it.each(kinds)('is refused, signs in, pushes, pulls and deletes: %s', async (kind) => {
    const kura = await runAs(kind)
    const { skopeo, folder } = await openContainers(cleanup)
    const image = imageOf({ hello: 'hello from the test', more: 'a second layer' })
    const layout = (name: string) => `oci:${join(folder, name)}:latest`
    await writeLayout(join(folder, 'layout'), image)
    const app = `docker://${kura.host}/public/app`
    const push = (tag: string, ...options: string[]) =>
      skopeo('copy', '--dest-tls-verify=false', ...options, layout('layout'), `${app}:${tag}`)

    await expect(push('v1')).rejects.toThrow(/authentication required|unauthorized|denied/)
    const guess = push('v1', '--dest-creds', 'ann:a guess')
    await expect(guess).rejects.toThrow(/invalid username\/password|unauthorized/)
    for (const tag of ['v1', 'other']) await push(tag, '--dest-creds', `ann:${password}`)

    // Without a password, what is public may be pulled, and nothing else.
    await skopeo('copy', '--src-tls-verify=false', `${app}:v1`, layout('back'))
    const pulled = JSON.parse(await skopeo('inspect', layout('back'))) as { Digest: string }
    expect(pulled.Digest).toBe(image.digest)
    const hidden = `docker://${kura.host}/team/app`
    const listed = skopeo('list-tags', '--tls-verify=false', hidden)
    await expect(listed).rejects.toThrow(/denied|unauthorized/)

    const remove = (tag: string) =>
      skopeo('delete', '--tls-verify=false', '--creds', `ann:${password}`, `${app}:${tag}`)
    await expect(remove('v1')).rejects.toThrow(/denied|policy/)
  })
})
