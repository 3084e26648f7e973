/** Real clients sign in with a password, and are told in words what they may not do. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { addUser } from '../../cli/user.ts'
import { type Cleanup, useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import type { Kura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'

const policies = `
rules:
  - { name: anyone may pull what is public, who: ["*"], repositories: ["public/**"], actions: [pull] }
  - { name: ann may do everything, who: [ann], repositories: ["**"], actions: ["*"] }
  - { name: a release stays, effect: deny, who: ["*"], repositories: ["**"], tags: ["v*"], actions: [overwrite, delete] }
`

/** A kura where ann signs in with the password `secret of ann`, under the policies above. */
async function startGuarded(cleanup: Cleanup): Promise<Kura> {
  const folder = await cleanup.folder()
  const file = join(folder, 'htpasswd')
  await addUser({ file, name: 'ann', password: 'secret of ann', write: () => {} })
  await writeFile(join(folder, 'team.yaml'), policies)
  return startKuraHere(cleanup, {
    env: {
      REGISTRY_AUTH: 'htpasswd',
      REGISTRY_AUTH_HTPASSWD_REALM: 'Registry Realm',
      REGISTRY_AUTH_HTPASSWD_PATH: file,
      REGISTRY_KURA_POLICIES: folder,
    },
  })
}

describeWith(['dockerd', 'docker', 'root'], 'docker with a password', () => {
  const cleanup = useCleanup()
  let kura: Kura
  let engine: DockerEngine

  beforeAll(async () => {
    kura = await startGuarded(cleanup)
    engine = await startDockerEngine(cleanup)
  }, 300_000)

  async function build(name: string, content: string): Promise<string> {
    const image = `${kura.host}/${name}`
    await writeFile(join(engine.folder, 'content'), content)
    await writeFile(join(engine.folder, 'Dockerfile'), 'FROM scratch\nCOPY content /content\n')
    await engine.docker('build', '--quiet', '--tag', image, engine.folder)
    return image
  }

  const login = (password: string) =>
    engine.docker('login', '--username', 'ann', '--password', password, kura.host)

  it('is refused, signs in, pushes and pulls', async () => {
    const image = await build('team/app:latest', 'one')
    await expect(engine.docker('push', image)).rejects.toThrow(
      /requested access to the resource is denied/,
    )
    await expect(login('a guess')).rejects.toThrow(/unauthorized: the credentials are not valid/)

    expect(await login('secret of ann')).toContain('Login Succeeded')
    await engine.docker('push', image)
    await engine.docker('image', 'rm', image)
    await engine.docker('pull', image)
  })

  it('is told that a release stays as it is', async () => {
    await login('secret of ann')
    await engine.docker('push', await build('team/app:v1', 'one'))
    const moved = await build('team/app:v1', 'two')
    await expect(engine.docker('push', moved)).rejects.toThrow(
      /denied: a policy keeps this tag as it is/,
    )
  })
})

describeWith(['skopeo', 'podman', 'buildah'], 'podman and skopeo with a password', () => {
  const cleanup = useCleanup()

  it('sign in, push, and hear why not', async () => {
    const kura = await startGuarded(cleanup)
    const { podman, buildah, skopeo } = await openContainers(cleanup)
    const plain = '--tls-verify=false'
    const credentials = ['--username', 'ann', '--password']
    const build = async (name: string) => {
      const container = (await buildah('from', 'scratch')).trim()
      await buildah('config', '--label', `built=${name}`, container)
      await buildah('commit', container, `${kura.host}/${name}`)
      return `${kura.host}/${name}`
    }
    const image = await build('public/app:v1')
    await expect(podman('push', plain, image)).rejects.toThrow(/authentication required|is denied/)
    const guess = podman('login', plain, ...credentials, 'a guess', kura.host)
    await expect(guess).rejects.toThrow(/invalid username\/password/)

    await podman('login', plain, ...credentials, 'secret of ann', kura.host)
    await podman('push', plain, image)
    await buildah('tag', await build('public/app:other'), image)
    await expect(podman('push', plain, image)).rejects.toThrow(/a policy keeps this tag as it is/)

    // Whoever has not signed in may still pull what is public, and only that.
    await podman('logout', kura.host)
    const tags = await skopeo('list-tags', plain, `docker://${kura.host}/public/app`)
    expect(JSON.parse(tags).Tags).toEqual(['v1'])
    await podman('pull', plain, image)
    const hidden = skopeo('list-tags', plain, `docker://${kura.host}/team/app`)
    await expect(hidden).rejects.toThrow(/denied|unauthorized/)
  })
})
