/** Real clients sign in with a password, and are told in words what they may not do. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { type Cleanup, useCleanup } from '../support/cleanup.ts'
import { openContainers } from '../support/containers.ts'
import { type DockerEngine, startDockerEngine } from '../support/docker-engine.ts'
import { type Kura, runKura } from '../support/kura.ts'
import { startKuraHere } from '../support/place.ts'
import { describeWith } from '../support/programs.ts'

const policies = `
rules:
  - { name: anyone may pull what is public, who: ["*"], repositories: ["public/**"], actions: [pull] }
  - { name: ann may do everything, who: [ann], repositories: ["**"], actions: ["*"] }
  - { name: a release stays, effect: deny, who: ["*"], repositories: ["**"], tags: ["v*"], actions: [overwrite, delete] }
`

/** A kura where ann signs in with the password `secret of ann`, under the policies above. */
async function startGuarded(
  cleanup: Cleanup,
  more: Record<string, string> = {},
): Promise<Kura & { tokens: string }> {
  const folder = await cleanup.folder()
  const tokens = join(folder, 'tokens')
  const file = join(folder, 'htpasswd')
  await addUser({ file, name: 'ann', password: 'secret of ann', write: () => {} })
  await writeFile(join(folder, 'team.yaml'), policies)
  const kura = await startKuraHere(cleanup, {
    env: {
      REGISTRY_AUTH: 'htpasswd',
      REGISTRY_AUTH_HTPASSWD_REALM: 'Registry Realm',
      REGISTRY_AUTH_HTPASSWD_PATH: file,
      REGISTRY_KURA_POLICIES: folder,
      REGISTRY_KURA_TOKENS_FOLDER: tokens,
      ...more,
    },
  })
  return { ...kura, tokens }
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

const engine = ['dockerd', 'docker', 'root'] as const
const others = ['skopeo', 'podman', 'buildah'] as const

describeWith([...engine, ...others], 'a file of logins that docker wrote', () => {
  const cleanup = useCleanup()
  type Logins = { auths: Record<string, { auth: string; identitytoken?: string }> }
  const credentials = ['--username', 'ann', '--password', 'secret of ann']

  it('serves podman, skopeo and buildah, unless docker was given a refresh token', async () => {
    const kura = await startGuarded(cleanup)
    const refreshing = await startGuarded(cleanup, { REGISTRY_KURA_TOKENS_REFRESH: 'true' })
    const { docker, env, folder } = await startDockerEngine(cleanup)
    for (const { host } of [kura, refreshing]) {
      expect(await docker('login', ...credentials, host)).toContain('Login Succeeded')
    }
    const file = join(env.DOCKER_CONFIG, 'config.json')
    const { auths } = JSON.parse(await readFile(file, 'utf8')) as Logins
    const kept = Buffer.from('ann:secret of ann').toString('base64')
    expect(auths[kura.host]).toEqual({ auth: kept })
    expect(auths[refreshing.host]).toHaveProperty('identitytoken')

    const { podman, skopeo, buildah } = await openContainers(cleanup)
    for (const tool of [podman, skopeo, buildah]) {
      const login = (host: string) => tool('login', '--tls-verify=false', '--authfile', file, host)
      expect(await login(kura.host)).toContain('Existing credentials are valid')
      await expect(login(refreshing.host)).rejects.toThrow()
    }

    // The token that docker keeps is good until the session is ended; then docker has to sign in again.
    const image = `${refreshing.host}/team/app:latest`
    await writeFile(join(folder, 'content'), 'one')
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY content /content\n')
    await docker('build', '--quiet', '--tag', image, folder)
    await docker('push', image)
    const revoked = await runKura(['token', 'revoke', '--user', 'ann'], {
      env: { REGISTRY_HTTP_ADDR: ':5000', REGISTRY_KURA_TOKENS_FOLDER: refreshing.tokens },
    })
    expect(revoked).toMatchObject({ code: 0, stderr: expect.stringContaining('ended 1 session') })
    const push = () => docker('push', image).then(() => 'pushed', String)
    let said = await push()
    while (said === 'pushed') said = await push()
    expect(said).toMatch(/this login has ended; sign in again|unauthorized/)
    await docker('login', ...credentials, refreshing.host)
    await docker('push', image)
  }, 300_000)
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

    // A client that has not signed in may still pull public repositories, and no others.
    await podman('logout', kura.host)
    const tags = await skopeo('list-tags', plain, `docker://${kura.host}/public/app`)
    expect(JSON.parse(tags).Tags).toEqual(['v1'])
    await podman('pull', plain, image)
    const hidden = skopeo('list-tags', plain, `docker://${kura.host}/team/app`)
    await expect(hidden).rejects.toThrow(/denied|unauthorized/)
  })
})
