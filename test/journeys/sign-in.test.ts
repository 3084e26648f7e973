/** The challenge of a registry with passwords and policies: where to get a token. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { addUser } from '../../assembly/accounts/accounts.ts'
import { useCleanup } from '../support/cleanup.ts'
import { startKura } from '../support/kura.ts'

const cleanup = useCleanup()
const policy = 'rules: [{ name: all pull, who: ["*"], repositories: ["**"], actions: [pull] }]\n'

async function start(env: Record<string, string>) {
  const folder = await cleanup.folder()
  const file = join(folder, 'htpasswd')
  await addUser({ file, name: 'ann', password: 'secret of ann', write: () => {} })
  await writeFile(join(folder, 'all.yaml'), policy)
  const auth = JSON.stringify({ htpasswd: { realm: 'Registry Realm', path: file } })
  const kura = await startKura({
    env: { REGISTRY_AUTH: auth, REGISTRY_KURA_POLICIES: folder, ...env },
  })
  cleanup.add(kura.stop)
  return kura
}

const realmAt = async (url: string) => {
  const { status, headers } = await fetch(`${url}/v2/`)
  expect(status).toBe(401)
  return /^Bearer realm="([^"]*)"/.exec(headers.get('www-authenticate') ?? '')?.[1]
}

it('names the address that the client used, and gives out a token there', async () => {
  const kura = await start({})
  const realm = await realmAt(kura.url)
  expect(realm).toBe(`${kura.url}/v2/token`)

  const scope = 'service=kura&scope=repository:a:pull,push'
  type Given = { token: string; expires_in: number }
  const given = (await (await fetch(`${realm}?${scope}`)).json()) as Given
  expect(given.expires_in).toBe(900)
  const headers = { authorization: `Bearer ${given.token}` }
  expect((await fetch(`${kura.url}/v2/`, { headers })).status).toBe(200)
  expect((await fetch(`${kura.url}/v2/a/tags/list`, { headers })).status).toBe(404)
  const push = await fetch(`${kura.url}/v2/a/blobs/uploads/`, { method: 'POST', headers })
  expect(push.status).toBe(401)
  expect(push.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
  expect((await fetch(`${realm}/keys`)).status).toBe(200)
})

it('names the address that is configured, where a proxy hides the one that was used', async () => {
  const kura = await start({ REGISTRY_HTTP_HOST: 'https://registry.example/' })
  expect(await realmAt(kura.url)).toBe('https://registry.example/v2/token')
})

it('shows in the catalog what each may see, by token, by password and to strangers', async () => {
  const kura = await start({})
  const password = { authorization: `Basic ${Buffer.from('ann:secret of ann').toString('base64')}` }
  const wish = 'service=kura&scope=registry:catalog:*'
  const given = await fetch(`${kura.url}/v2/token?${wish}`, { headers: password })
  const { token } = (await given.json()) as { token: string }
  for (const headers of [password, { authorization: `Bearer ${token}` }, {}]) {
    const answer = await fetch(`${kura.url}/v2/_catalog`, { headers })
    expect(await answer.text()).toBe('{"repositories":[]}\n')
  }
})
