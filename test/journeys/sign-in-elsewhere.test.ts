/** A user who has signed in to one machine is known to the others, where all have the same secret. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { addUser, setPassword } from '../../assembly/accounts/accounts.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Kura, runKura, startKura } from '../support/kura.ts'
import { until } from '../support/processes.ts'

const cleanup = useCleanup()
const secret = randomBytes(16).toString('hex')
const tokensAreAlone = /tokens are good on this machine only, and until kura stops/

/** Machines that share no storage: what is looked at are their tokens. */
const inMemory = {
  REGISTRY_STORAGE: 'inmemory',
  REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: undefined,
}

async function start(
  htpasswd: string,
  ownSecret: string | undefined,
  more: Record<string, string> = {},
): Promise<Kura> {
  const kura = await startKura({
    env: {
      ...inMemory,
      REGISTRY_STORAGE_DELETE_ENABLED: undefined,
      REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'kura', path: htpasswd } }),
      REGISTRY_KURA_TOKENS_CHALLENGE: 'bearer',
      REGISTRY_HTTP_SECRET: ownSecret,
      ...more,
    },
  })
  cleanup.add(kura.stop)
  return kura
}

type Given = { token: string; refresh_token: string }
const basic = (word: string) => ({
  authorization: `Basic ${Buffer.from(`ann:${word}`).toString('base64')}`,
})

async function signIn({ url }: Kura, word = 'word of ann'): Promise<Given> {
  const wish = 'service=kura&offline_token=true&client_id=test'
  const answer = await fetch(`${url}/v2/token?${wish}`, { headers: basic(word) })
  expect(answer.status).toBe(200)
  return (await answer.json()) as Given
}

const statusAt = async ({ url }: Kura, token: string) =>
  (await fetch(`${url}/v2/`, { headers: { authorization: `Bearer ${token}` } })).status

function refresh({ url }: Kura, token: string): Promise<Response> {
  const wish = { grant_type: 'refresh_token', service: 'kura', client_id: 'test' }
  const body = new URLSearchParams({ ...wish, refresh_token: token })
  return fetch(`${url}/v2/token`, { method: 'POST', body })
}

describe('machines without a folder in common', () => {
  let one: Kura
  let other: Kura
  let stranger: Kura
  let file: string

  beforeAll(async () => {
    file = join(await cleanup.folder(), 'htpasswd')
    await addUser({ file, name: 'ann', password: 'word of ann', write: () => {} })
    one = await start(file, secret)
    other = await start(file, secret)
    stranger = await start(file, undefined)
  })

  it('take the tokens of each other', async () => {
    const { token } = await signIn(one)
    expect([await statusAt(one, token), await statusAt(other, token)]).toEqual([200, 200])
    expect(await statusAt(stranger, token)).toBe(401)
  })

  it('give out no refresh tokens, of which nobody could have a list', async () => {
    const { token, ...given } = await signIn(one)
    expect(given).not.toHaveProperty('refresh_token')
    expect((await refresh(one, token)).status).toBe(401)
  })

  it('end the tokens of a password when it is changed, wherever they were given out', async () => {
    const { token } = await signIn(one)
    await setPassword({ file, name: 'ann', password: 'word of ann', write: () => {} })
    for (const each of [one, other]) await until(async () => (await statusAt(each, token)) === 401)
    const { token: later } = await signIn(other)
    expect([await statusAt(one, later), await statusAt(other, later)]).toEqual([200, 200])
  })

  it('publish the same keys', async () => {
    const keysOf = async ({ url }: Kura) => (await fetch(`${url}/v2/token/keys`)).text()
    expect(await keysOf(one)).toBe(await keysOf(other))
    expect(await keysOf(one)).not.toContain('"d"')
    expect(await keysOf(stranger)).not.toBe(await keysOf(one))
  })

  it('say at start when their tokens are good nowhere else, and never the secret', async () => {
    await stranger.said(tokensAreAlone)
    for (const each of [one, other]) {
      expect(each.output()).not.toMatch(tokensAreAlone)
      expect(each.output()).not.toContain(secret)
    }
  })
})

it('machines that have a folder in common take the refresh tokens of each other', async () => {
  const folder = await cleanup.folder()
  const file = join(folder, 'htpasswd')
  await addUser({ file, name: 'ann', password: 'word of ann', write: () => {} })
  const more = {
    REGISTRY_KURA_TOKENS_FOLDER: join(folder, 'tokens'),
    REGISTRY_KURA_TOKENS_REFRESH: 'true',
  }
  const [one, other] = await Promise.all([start(file, secret, more), start(file, secret, more)])
  const given = await signIn(one)
  const answer = await refresh(other, given.refresh_token)
  const { access_token: token } = (await answer.json()) as { access_token: string }
  expect(await statusAt(one, token)).toBe(200)
})

it('refresh tokens need a folder, and the start says which', async () => {
  const auth = JSON.stringify({ htpasswd: { realm: 'kura', path: '/nowhere' } })
  const env = { ...inMemory, REGISTRY_HTTP_ADDR: ':5000', REGISTRY_AUTH: auth }
  const refreshing = { ...env, REGISTRY_HTTP_SECRET: secret, REGISTRY_KURA_TOKENS_REFRESH: 'true' }
  const { code, stderr } = await runKura(['serve'], { env: refreshing })
  expect(code).toBe(1)
  expect(stderr).toContain('kura.tokens.refresh needs kura.tokens.folder')
})

it('the tokens of robots need a folder even so', async () => {
  const env = { ...inMemory, REGISTRY_HTTP_ADDR: ':5000', REGISTRY_HTTP_SECRET: secret }
  const wish = ['--name', 'ci', '--actions', 'pull', '--repositories', 'team/**']
  const { code, stdout, stderr } = await runKura(['token', 'create', ...wish], { env })
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toContain('kura.tokens.folder (REGISTRY_KURA_TOKENS_FOLDER) must say where the')
})
