/** Who may pull what through a mirror: policies and tokens speak of the name that the content has here. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { startUpstream, type Upstream } from '../mirror/support/upstream.ts'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { imageFrom } from '../support/image.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'
import { pushImage } from '../support/push.ts'
import { startFake } from '../upstream/support.ts'

const policy = `
rules:
  - { name: hub is for all, who: ["*", anonymous], repositories: ["docker.io/library/**"], actions: [pull] }
  - { name: the rest is for ann, who: ["user:ann"], repositories: ["docker.io/**", "corp/**"], actions: [pull] }
  - { name: ann has her own, who: ["user:ann"], repositories: ["private/**"], actions: ["*"] }
`
/** Where a token server would be; nothing listens there. */
const tokenHost = '127.0.0.2:1'
const ann = { authorization: `Basic ${Buffer.from('ann:secret of ann').toString('base64')}` }

describeWith(['docker-registry'], 'access to a mirror', () => {
  const cleanup = useCleanup()
  let upstream: Upstream
  let kura: Kura

  beforeAll(async () => {
    upstream = await startUpstream(cleanup)
    const image = imageFrom(Buffer.from('mirrored'))
    for (const repository of ['library/hello', 'private/app']) {
      await pushImage({ url: upstream.registry.url, repository }, 'v1', image)
    }
    const folder = await cleanup.folder()
    const file = join(folder, 'htpasswd')
    await addUser({ file, name: 'ann', password: 'secret of ann', write: () => {} })
    await writeFile(join(folder, 'policy.yaml'), policy)
    const [named, unnamed] = await Promise.all([startTokenRegistry(), startTokenRegistry()])
    const corp = (number: number, name: string, url: URL) => ({
      [`REGISTRY_KURA_MIRRORS_${number}_REMOTEURL`]: url.origin,
      [`REGISTRY_KURA_MIRRORS_${number}_PREFIX`]: `corp/${name}`,
      [`REGISTRY_KURA_MIRRORS_${number}_USERNAME`]: 'robot',
      [`REGISTRY_KURA_MIRRORS_${number}_PASSWORD`]: 'secret of robot',
    })
    kura = await startKura({
      env: {
        REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'a', path: file } }),
        REGISTRY_KURA_POLICIES: folder,
        REGISTRY_KURA_PROCESSES: '1',
        REGISTRY_KURA_MIRRORS_0_REMOTEURL: upstream.url,
        REGISTRY_KURA_MIRRORS_0_PREFIX: 'docker.io',
        REGISTRY_KURA_MIRRORS_0_NAMESPACES: '[docker.io]',
        REGISTRY_KURA_MIRRORS_0_DEFAULT: '[library/**]',
        ...corp(1, 'named', named.url),
        REGISTRY_KURA_MIRRORS_1_TOKENHOSTS: `[${tokenHost}]`,
        ...corp(2, 'unnamed', unnamed.url),
      },
    })
    cleanup.add(kura.destroy)
  })

  async function tokenFor(repository: string, headers = {}) {
    const url = `${kura.url}/v2/token?service=kura&scope=repository:${repository}:pull`
    const { token } = JSON.parse((await send('GET', url, { headers })).body.toString())
    return { authorization: `Bearer ${token}` }
  }
  const statusOf = async (path: string, headers = {}) =>
    (await send('GET', `${kura.url}/v2/${path}`, { headers })).status

  it('is asked for by the name here in the challenge', async () => {
    const { status, headers } = await send('GET', `${kura.url}/v2/library/hello/manifests/v1`, {
      headers: await tokenFor('other'),
    })
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toContain('repository:docker.io/library/hello:pull')
  })

  it('is given to strangers where a policy says so, by either name', async () => {
    for (const name of ['library/hello', 'docker.io/library/hello']) {
      expect(await statusOf('library/hello/manifests/v1', await tokenFor(name))).toBe(200)
    }
    const token = await tokenFor('docker.io/library/hello')
    expect(await statusOf('library/hello/manifests/v1?ns=docker.io', token)).toBe(200)
    expect(await statusOf('docker.io/private/app/manifests/v1', token)).toBe(401)
  })

  it('is kept from strangers where no policy gives it, though it is here', async () => {
    expect(await statusOf('docker.io/private/app/manifests/v1', ann)).toBe(200)
    const token = await tokenFor('docker.io/private/app')
    expect(await statusOf('docker.io/private/app/manifests/v1', token)).toBe(401)
    expect(await statusOf('private/app/manifests/v1?ns=docker.io', token)).toBe(401)
  })

  it('is not in a token for the local repository that is called as the upstream calls its own', async () => {
    const token = await tokenFor('private/app', ann)
    expect(await statusOf('private/app/manifests/v1', token)).toBe(404)
    expect(await statusOf('private/app/manifests/v1?ns=docker.io', token)).toBe(401)
    const right = await tokenFor('docker.io/private/app', ann)
    expect(await statusOf('private/app/manifests/v1?ns=docker.io', right)).toBe(200)
  })

  it('takes the login of a mirror to a token server elsewhere where the mirror names it', async () => {
    const said = async (name: string) => {
      const url = `${kura.url}/v2/corp/${name}/app/manifests/v1`
      return (await send('GET', url, { headers: ann })).body.toString()
    }
    expect(await said('unnamed')).toMatch(/wants the login to be sent to 127\.0\.0\.2:1/)
    const refused = await said('named')
    expect(refused).toMatch(/the upstream failed/)
    expect(refused).not.toMatch(/wants the login/)
  })

  function startTokenRegistry() {
    return startFake(cleanup, (_, response) => {
      const challenge = `Bearer realm="https://${tokenHost}/token"`
      response.setHeader('www-authenticate', challenge).writeHead(401).end()
    })
  }

  it('never shows the upstream a password of a client', async () => {
    let shown: unknown
    upstream.meddle(({ headers }) => {
      shown = headers.authorization
      return false
    })
    await statusOf('docker.io/private/app/manifests/none', ann)
    expect(upstream.asked().length).toBeGreaterThan(0)
    expect(shown).toBeUndefined()
  })
})
