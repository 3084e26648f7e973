/** The end of a login ends all its tokens, at every gateway within seconds, and for good. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { addUser, removeUser, setPassword } from '../../assembly/accounts/accounts.ts'
import { sha256 } from '../protocol/support/content.ts'
import { useCleanup } from '../support/cleanup.ts'
import { next, send } from '../support/http.ts'
import { type Kura, runKura, startKura } from '../support/kura.ts'
import { until } from '../support/processes.ts'

const cleanup = useCleanup()
const write = () => {}
const password = (name: string) => `word of ${name}`

/** Everything lies in one folder: the data, the users, and what is kept of tokens. */
let folder: string
let env: Record<string, string>
let gateways: Kura[]
const file = () => join(folder, 'htpasswd')

/** Commands need one too, since the whole configuration is read. */
const address = { REGISTRY_HTTP_ADDR: ':5000' }

async function command(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runKura(args, { env: { ...env, ...address } })
  expect([args[1], code, stderr]).toEqual([args[1], 0, stderr])
  return stdout
}

const robot = (name: string) =>
  command('token', 'create', '--name', name, '--actions', 'pull,push', '--repositories', '**')

type Row = { how: string; name: string; end: (name: string) => Promise<unknown> }
const rows: Row[] = [
  {
    how: 'kura user passwd',
    name: 'ann',
    end: (name) => setPassword({ file: file(), name, password: 'another word', write }),
  },
  {
    how: 'kura user passwd with the same password',
    name: 'bob',
    end: (name) => setPassword({ file: file(), name, password: password(name), write }),
  },
  {
    how: 'kura user remove',
    name: 'cat',
    end: (name) => removeUser({ file: file(), name, write }),
  },
  {
    how: 'a removal and the same name again',
    name: 'dan',
    async end(name) {
      await removeUser({ file: file(), name, write })
      await addUser({ file: file(), name, password: password(name), cost: 4, write })
    },
  },
  {
    how: 'a line that is changed by hand, where the file lies',
    name: 'eve',
    async end(name) {
      const text = await readFile(file(), 'utf8')
      await writeFile(file(), text.replace(new RegExp(`^${name}:.*$`, 'm'), `#${name} has left`))
    },
  },
  {
    how: 'kura token revoke --user',
    name: 'fay',
    end: (name) => command('token', 'revoke', '--user', name),
  },
  {
    how: 'kura token revoke',
    name: 'robot:ci',
    end: () => command('token', 'revoke', 'ci'),
  },
  {
    how: 'a robot that is made anew',
    name: 'robot:cd',
    async end() {
      await command('token', 'revoke', 'cd')
      await robot('cd')
    },
  },
]
/** Seconds are promised; this is for a machine that is busy, so that a fault ends the test too. */
const longestMs = 15_000

/** Nothing ends what she has. */
const bystander = 'zoe'

type Given = { token: string; refresh_token?: string }
type Login = { headers: Record<string, string>; refreshToken: string | undefined; path: string }

/** Signed in at the first gateway, with an upload that is under way. */
async function signIn(name: string, secret: string): Promise<Login> {
  const [{ url } = { url: '' }] = gateways
  const authorization = `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`
  const wish = 'scope=repository:team/app:pull,push&offline_token=true&client_id=docker'
  const answer = await send('GET', `${url}/v2/token?${wish}`, { headers: { authorization } })
  const given = JSON.parse(answer.body.toString()) as Given
  const headers = { authorization: `Bearer ${given.token}` }
  const begun = await send('POST', `${url}/v2/team/app/blobs/uploads/`, { headers })
  const sent = await send('PATCH', next(begun, url), { headers, body: 'by' })
  const { pathname, search } = new URL(next(sent, url))
  return { headers, refreshToken: given.refresh_token, path: pathname + search }
}

const statusOf = async (url: string, { headers }: Login) =>
  (await send('GET', `${url}/v2/`, { headers })).status

async function refreshAt(url: string, { refreshToken = '' }: Login) {
  const wish = { grant_type: 'refresh_token', service: 'kura', refresh_token: refreshToken }
  const answer = await fetch(`${url}/v2/token`, { method: 'POST', body: new URLSearchParams(wish) })
  return { status: answer.status, text: await answer.text() }
}

/** The statuses of all that somebody could still try. */
async function triesAt(url: string, login: Login): Promise<number[]> {
  const { headers, path } = login
  const to = (query = '') => `${url}${path}${path.includes('?') ? '&' : '?'}${query}`
  const steps: [method: string, to: string, body?: string][] = [
    ['GET', `${url}/v2/`],
    ['GET', `${url}/v2/team/app/tags/list`],
    ['POST', `${url}/v2/team/app/blobs/uploads/`],
    ['GET', to()],
    ['PATCH', to(), 'tes'],
    ['PUT', to(`digest=${sha256('bytes')}`)],
    ['DELETE', to()],
  ]
  const statuses = []
  for (const [method, to, body = ''] of steps) {
    statuses.push((await send(method, to, { headers, body })).status)
  }
  return statuses
}

/** `kura serve` on the shared folder. */
async function start(): Promise<Kura> {
  const kura = await startKura({ root: join(folder, 'data'), env })
  cleanup.add(kura.stop)
  return kura
}

const logins = new Map<string, Login>()
const loginOf = (name: string) => logins.get(name) as Login

beforeAll(async () => {
  folder = await cleanup.folder()
  const own = {
    REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: join(folder, 'data'),
    REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'kura', path: file() } }),
    REGISTRY_HTTP_SECRET: 'shared by the gateways of this test',
    REGISTRY_KURA_PROCESSES: '1',
    REGISTRY_KURA_TOKENS_CHALLENGE: 'bearer',
    REGISTRY_KURA_TOKENS_REFRESH: 'true',
  }
  const people = [...rows.map(({ name }) => name), bystander].filter((it) => !it.includes(':'))
  for (const name of people) {
    await addUser({ file: file(), name, password: password(name), cost: 4, write })
  }
  env = own
  gateways = await Promise.all([start(), start()])
  for (const name of people) logins.set(name, await signIn(name, password(name)))
  for (const name of ['ci', 'cd']) {
    const token = (await robot(name)).trim()
    const headers = { authorization: `Bearer ${token}` }
    // It is taken a moment after.
    await until(
      async () => (await send('GET', `${gateways[0]?.url}/v2/`, { headers })).status !== 401,
    )
    logins.set(`robot:${name}`, await signIn('any', token))
  }
  for (const { url } of gateways) {
    for (const login of logins.values()) expect(await statusOf(url, login)).toBe(200)
  }
  for (const { name, end } of rows) await end(name)
}, 120_000)

describe.each(rows)('$how', ({ name }) => {
  it('ends tokens, and an upload that is under way, at every gateway', async () => {
    const login = loginOf(name)
    for (const { url } of gateways) {
      const end = Date.now() + longestMs
      await until(async () => Date.now() >= end || (await statusOf(url, login)) !== 200)
      expect(await triesAt(url, login)).toEqual(Array(7).fill(401))
      if (!login.refreshToken) continue
      const { status, text } = await refreshAt(url, login)
      expect(status).toBe(401)
      expect(JSON.parse(text)).toMatchObject({ error: 'invalid_grant' })
    }
  })
})

it('robots get no refresh token, and people do', () => {
  const without = [...logins].filter(([, login]) => !login.refreshToken).map(([name]) => name)
  expect(without).toEqual(['robot:ci', 'robot:cd'])
})

it('sessions are listed while they last', async () => {
  const listed = await command('token', 'list')
  const users = listed.split('USER')[1]?.split('\n').slice(1, -1)
  expect(users?.map((line) => line.split(/ +/).slice(0, 3))).toEqual([
    [bystander, 'docker', '127.0.0.1'],
  ])
})

it('whoever gets a new password signs in again, and all is as before', async () => {
  for (const [name, secret] of [
    ['ann', 'another word'],
    ['dan', password('dan')],
    ['fay', password('fay')],
  ] as const) {
    const login = await signIn(name, secret)
    for (const { url } of gateways) expect(await statusOf(url, login)).toBe(200)
    expect((await refreshAt(gateways[1]?.url ?? '', login)).status).toBe(200)
  }
})

it('a gateway that starts afterwards knows what was ended, and what was not', async () => {
  const { url } = await start()
  for (const { name } of rows) {
    const login = loginOf(name)
    expect([name, await statusOf(url, login)]).toEqual([name, 401])
    if (login.refreshToken) expect((await refreshAt(url, login)).status).toBe(401)
  }
  const login = loginOf(bystander)
  expect(await statusOf(url, login)).toBe(200)
  expect((await refreshAt(url, login)).status).toBe(200)
  const put = `${url}${login.path}${login.path.includes('?') ? '&' : '?'}digest=${sha256('bytes')}`
  const { status } = await send('PUT', put, { headers: login.headers, body: 'tes' })
  expect(status).toBe(201)
})
