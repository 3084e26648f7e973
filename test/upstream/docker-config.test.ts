/** Logins of docker's config.json, and of the helpers that it names. */
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { credentialsOfDocker } from '../../upstream/access/docker-config.ts'
import { credentialsOfHelper } from '../../upstream/access/helper.ts'
import { useCleanup } from '../support/cleanup.ts'

const cleanup = useCleanup()
const auth = (pair: string) => Buffer.from(pair).toString('base64')

async function loginAt(host: string, config: object) {
  const path = join(await cleanup.folder(), 'config.json')
  await writeFile(path, JSON.stringify(config))
  return credentialsOfDocker(path, host)({})
}

it.each([
  ['a.example', { auths: { 'a.example': { auth: auth('ann:se:cret') } } }, 'ann', 'se:cret'],
  ['a.example', { auths: { 'https://a.example/v1/': { auth: auth('ann:x') } } }, 'ann', 'x'],
  ['docker.io', { auths: { 'https://index.docker.io/v1/': { auth: auth('ann:x') } } }, 'ann', 'x'],
])('%s has the login of %j', async (host, config, username, password) => {
  expect(await loginAt(host, config)).toEqual({ username, password })
})

it('hosts that are not there, or that have another port, have none', async () => {
  const config = { auths: { 'a.example:5000': { auth: auth('ann:x') }, 'b.example': {} } }
  expect(await loginAt('a.example', config)).toBeUndefined()
  expect(await loginAt('b.example', config)).toBeUndefined()
  expect(await loginAt('a.example', {})).toBeUndefined()
})

it('an identity token is one', async () => {
  const entry = { auth: auth('ann:'), identitytoken: 'a token' }
  const login = await loginAt('a.example', { auths: { 'a.example': entry } })
  expect(login).toEqual({ username: 'ann', identityToken: 'a token' })
})

it('a helper is run as its protocol says, once while its answer is good, and never through a path', async () => {
  const folder = await cleanup.folder()
  await mkdir(folder, { recursive: true })
  const program = join(folder, 'docker-credential-test')
  const runs = join(folder, 'runs')
  await writeFile(
    program,
    `#!/bin/sh
read server
echo "$1 $server" >> ${runs}
[ "$server" = none.example ] && { echo 'credentials not found in native keychain'; exit 1; }
[ "$server" = broken.example ] && { echo 'the-secret is not JSON'; exit 0; }
echo '{"ServerURL":"","Username":"ann","Secret":"x"}'
`,
  )
  await chmod(program, 0o755)
  const kept = credentialsOfHelper({ program, server: 'a.example' })
  const found = await Promise.all([kept({}), kept({})])
  expect([...found, await kept({})]).toEqual(Array(3).fill({ username: 'ann', password: 'x' }))
  const each = credentialsOfHelper({ program, server: 'b.example', lifetimeMs: 0 })
  await each({})
  await each({})
  const { readFile } = await import('node:fs/promises')
  expect(await readFile(runs, 'utf8')).toBe('get a.example\nget b.example\nget b.example\n')
  expect(await credentialsOfHelper({ program, server: 'none.example' })({})).toBeUndefined()
  const broken = credentialsOfHelper({ program, server: 'broken.example' })({})
  await expect(broken).rejects.toThrow(/wrote no \{"Username"/)
  await expect(broken).rejects.not.toThrow(/the-secret/)
  await expect(loginAt('a.example', { credsStore: '../../evil' })).rejects.toThrow(/as a helper/)
})
