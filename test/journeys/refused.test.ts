/** The log of refusals: one line each, with the reason, and no secret. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { addUser, removeUser } from '../../assembly/accounts/accounts.ts'
import { createToken, revokeToken } from '../../cli/token.ts'
import { openRobots } from '../../gateway/access/robots.ts'
import { as } from '../protocol/support/people.ts'
import { useCleanup } from '../support/cleanup.ts'
import { send } from '../support/http.ts'
import { type Kura, startKura } from '../support/kura.ts'

const cleanup = useCleanup()
const rules = `rules:
  - name: members work here
    who: [ann]
    repositories: ["team/**"]
    actions: [pull, push]
  - name: releases stay
    effect: deny
    who: ["*"]
    repositories: ["team/**"]
    tags: ["v*"]
    actions: [overwrite]
`
const index = JSON.stringify({ schemaVersion: 2, manifests: [] })
const type = { 'Content-Type': 'application/vnd.oci.image.index.v1+json' }

let kura: Kura
let file: string
/** A token that was good until a moment ago. */
let revoked: string

beforeAll(async () => {
  const folder = await cleanup.folder()
  file = join(folder, 'htpasswd')
  for (const name of ['ann', 'bob']) {
    await addUser({ file, name, password: name + name, write: () => {} })
  }
  await writeFile(file, 'old:$apr1$mOL2SaTz$ZXwyHeJtExAjmjxmyb1jb0\n', { flag: 'a' })
  await mkdir(join(folder, 'policies'))
  await writeFile(join(folder, 'policies/team.yaml'), rules)
  const robots = await openRobots({ folder: join(folder, 'tokens'), report: () => {} })
  const asked = { name: 'ci', actions: 'pull', repositories: '**', expires: 'never' }
  const write = (text: string) => {
    revoked = text.trim()
  }
  await createToken({ folder, robots }, asked, { write, note: () => {} })
  await revokeToken({ folder, robots }, 'ci')
  kura = await startKura({
    args: ['serve', '--workers', '1'],
    env: {
      REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'r', path: file } }),
      REGISTRY_KURA_POLICIES: join(folder, 'policies'),
      REGISTRY_KURA_TOKENS_FOLDER: folder,
      REGISTRY_KURA_TOKENS_REFRESH: 'true',
      REGISTRY_KURA_PROCESSES: '1',
      REGISTRY_LOG_FORMATTER: 'json',
    },
  })
  cleanup.add(kura.stop)
})

type Line = Record<string, unknown> & { level: string; msg: string }

const lines = () =>
  kura
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Line => JSON.parse(line))

const seen = new Map<string, number>()

/** The next line that says this; there must be no more of them than were asked for. */
async function next(message: string): Promise<Line> {
  const count = (seen.get(message) ?? 0) + 1
  seen.set(message, count)
  await kura.said(new RegExp(`(?:"msg":"${message}"[^]*?){${count}}`))
  const found = lines().filter(({ msg }) => msg === message)
  expect(found).toHaveLength(count)
  return found[count - 1] as Line
}

/** The text of every such line beside its reason. */
const request = {
  level: 'warning',
  'http.request.id': expect.stringMatching(/^[0-9a-f]{8}-/),
  'http.request.remoteaddr': '127.0.0.1',
}
const nobody = 'there is no such user'

const logins: [what: string, headers: () => object, user: string | undefined, reason: string][] = [
  ['wrong', () => as('ann', 'hunter2'), 'ann', 'this is not the password of that user'],
  ['of nobody', () => as('eve "\\', 'hunter2'), 'eve "\\', nobody],
  ['long', () => as('x'.repeat(3000), 'hunter2'), `${'x'.repeat(64)}… (3000 characters)`, nobody],
  ['not bcrypt', () => as('old', 'hunter2'), 'old', "that user's line holds MD5 instead of bcrypt"],
  ['swapped', () => as('hunter2', 'ann'), undefined, "name and password are in each other's place"],
  [
    'revoked',
    () => as('robot', revoked),
    'robot',
    'this access token is not known: it was revoked, ran out, or never was',
  ],
  ['a token as the name', () => as(revoked, 'hunter2'), '(a token)', nobody],
  [
    'unreadable',
    () => ({ authorization: 'Basic hunter2!' }),
    undefined,
    'neither Basic nor Bearer',
  ],
]

describe.each(['/v2/', '/v2/token?service=kura'])('a login at %s', (path) => {
  it.each(logins)('that is %s is one line', async (_what, headers, user, reason) => {
    const { status } = await send('GET', kura.url + path, { headers: { ...headers() } })
    expect(status).toBe(401)
    const line = await next('a login was refused')
    expect(line).toMatchObject({ ...request, reason: expect.stringContaining(reason) })
    expect(line['auth.user.name']).toBe(user)
  })
})

it('a bearer token that is none, and a refresh token that is none, are one line each', async () => {
  const headers = { authorization: `Bearer ${revoked}` }
  expect((await send('GET', `${kura.url}/v2/`, { headers })).status).toBe(401)
  expect(await next('a login was refused')).toMatchObject(request)
  const form = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'hunter2' })
  const posted = { 'Content-Type': 'application/x-www-form-urlencoded' }
  const given = await send('POST', `${kura.url}/v2/token`, { headers: posted, body: `${form}` })
  expect(given.status).toBe(401)
  const { reason } = await next('a login was refused')
  expect(reason).toContain('the refresh token is not one of ours')
})

it('a token of a user who was removed is one line, with that name', async () => {
  const wish = `${kura.url}/v2/token?service=kura`
  const { token } = JSON.parse((await send('GET', wish, { headers: as('bob') })).body.toString())
  const headers = { authorization: `Bearer ${token}` }
  const ask = async () => (await send('GET', `${kura.url}/v2/`, { headers })).status
  expect(await ask()).toBe(200)
  await removeUser({ file, name: 'bob', write: () => {} })
  await kura.said(/the htpasswd file changed and was read again/)
  expect(await ask()).toBe(401)
  expect(await next('a login was refused')).toMatchObject({ ...request, 'auth.user.name': 'bob' })
})

describe('a denial by a policy', () => {
  const put = (repository: string, body: string) =>
    send('PUT', `${kura.url}/v2/${repository}/manifests/v1`, {
      headers: { ...as('ann'), ...type },
      body,
    })

  it('of the request names the rule, or that there is none', async () => {
    expect((await put('other/app', index)).status).toBe(403)
    expect(await next('a request was denied')).toMatchObject({
      ...request,
      'auth.user.name': 'ann',
      action: 'push',
      'vars.name': 'other/app',
      'vars.reference': 'v1',
      reason: 'no rule allows it',
    })
  })

  it('that comes up in a worker names the rule, its file and line', async () => {
    expect((await put('team/app', index)).status).toBe(201)
    expect((await put('team/app', `${index} `)).status).toBe(403)
    expect(await next('a request was denied')).toMatchObject({
      ...request,
      'auth.user.name': 'ann',
      action: 'overwrite',
      'policy.rule': 'releases stay',
      'policy.file': expect.stringMatching(/team.yaml$/),
      'policy.line': 6,
    })
  })

  it('of what a token was not given for names the rule as well', async () => {
    const wish = `${kura.url}/v2/token?service=kura&scope=repository:other/app:pull`
    const { token } = JSON.parse((await send('GET', wish, { headers: as('ann') })).body.toString())
    const headers = { authorization: `Bearer ${token}` }
    const answer = await send('GET', `${kura.url}/v2/other/app/tags/list`, { headers })
    expect(answer.status).toBe(401)
    expect(await next('a request was denied')).toMatchObject({ action: 'pull', ...request })
  })
})

it('a login that has to wait is a line, and what repeats is counted', async () => {
  let status = 401
  for (let n = 0; status === 401; n += 1) {
    status = (await send('GET', `${kura.url}/v2/`, { headers: as('eve', `hunter2 ${n}`) })).status
  }
  expect(status).toBe(429)
  await kura.said(/"msg":"a login has to wait"/)
  const line = lines().find(({ msg }) => msg === 'a login has to wait')
  expect(line).toMatchObject({ ...request, 'auth.user.name': 'eve', reason: expect.any(String) })
})

it('a stranger who is asked to sign in is no line, and no secret is in any', async () => {
  const before = lines().filter(({ level }) => level === 'warning').length
  expect((await send('GET', `${kura.url}/v2/team/app/tags/list`)).status).toBe(401)
  await kura.stop()
  expect(lines().filter(({ level }) => level === 'warning')).toHaveLength(before)
  expect(kura.output()).not.toMatch(new RegExp(`hunter2|${revoked}|at .*\\.ts:`))
})
