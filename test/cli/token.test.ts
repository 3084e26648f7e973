import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { openKeptTokens } from '../../assembly/tokens/kept.ts'
import { listTokens } from '../../assembly/tokens/list.ts'
import { createToken, endTokensOf, parseExpiry, revokeToken } from '../../cli/token.ts'
import { load } from '../config/written.ts'
import { useCleanup } from '../support/cleanup.ts'
import { runKura } from '../support/kura.ts'

const cleanup = useCleanup()
type Kept = Awaited<ReturnType<typeof openKeptTokens>>
const hash = `$2y$05$${'6juziEJjYvQaR1cIz3LyEucjmQOOWSaqTS9aJFpuLOq8IhphgUn0C'}`
const wanted = {
  name: 'ci',
  actions: 'pull, push',
  repositories: 'team/**,public/a',
  expires: '90d',
}

async function openForTest() {
  const folder = await cleanup.folder()
  // A server makes this one when it starts.
  await mkdir(join(folder, 'tokens'))
  const file = join(folder, 'htpasswd')
  await writeFile(file, `ann:${hash}\nbob:${hash}\n`)
  const { config } = await load(
    `version: 0.1\nstorage: inmemory\nhttp: {addr: ":5000"}\nauth: {htpasswd: {realm: a, path: ${file}}}\nkura: {tokens: {folder: ${folder}}}\n`,
  )
  const open = () => openKeptTokens(config, { warn: () => {} })
  const kept = await open()
  const written: string[] = []
  const noted: string[] = []
  const write = (text: string) => void written.push(text)
  const note = (text: string) => void noted.push(text)
  return { kept, open, robots: kept.robots, folder, file, out: { write, note }, written, noted }
}

describe('kura token', () => {
  it('create writes the token alone, and what it is beside it', async () => {
    const { kept, robots, folder, out, written, noted } = await openForTest()
    await createToken(kept, wanted, out)
    const text = written.join('')
    expect(text).toMatch(/^kura_[\w-]{43}\n$/)
    expect(noted.join('')).toMatch(
      /^the token of robot:ci, valid until \d{4}-\d\d-\d\d, is on record/,
    )
    expect(noted.join('')).toContain(`in ${folder}; it is not shown again\n`)
    expect(noted.join('')).not.toContain(text.trim())
    expect(await robots.find(text.trim())).toMatchObject({ name: 'robot:ci' })
  })

  it('list shows a table', async () => {
    const { kept, robots, out, written } = await openForTest()
    await createToken(kept, { ...wanted, expires: 'never' }, out)
    const expiresAt = '2020-01-02T00:00:00.000Z'
    await robots.create({ name: 'older', actions: ['*'], repositories: ['**'], expiresAt })
    written.length = 0
    await listTokens(kept, out)
    expect(written.join('').split('\n')).toEqual([
      'NAME   ACTIONS    REPOSITORIES      EXPIRES',
      'ci     pull,push  team/**,public/a  never',
      'older  *          **                2020-01-02 (expired)',
      '',
    ])
  })

  it('list says when there are none', async () => {
    const { kept, folder, out, written } = await openForTest()
    await listTokens(kept, out)
    expect(written).toEqual([`there are no access tokens in ${folder}\n`])
  })

  it('revoke ends it, and says when there was none', async () => {
    const { kept, open, out, written } = await openForTest()
    await createToken(kept, wanted, out)
    await revokeToken(kept, 'ci')
    expect(await (await open()).robots.find(written.join('').trim())).toBeUndefined()
    await expect(revokeToken(kept, 'ci')).rejects.toThrow('there is no access token called ci')
  })

  const endsAt = Math.floor(Date.now() / 1000) + 60
  async function begin({ sessions, fingerprints }: Kept, user: string) {
    const fingerprint = (await fingerprints.of(user)) ?? ''
    await sessions.begin({ user, client: 'docker', address: '192.0.2.7', fingerprint }, endsAt)
  }

  it('list shows the sessions of people, but none whose password is another by now', async () => {
    const { kept, open, file, out, written } = await openForTest()
    await createToken(kept, wanted, out)
    await begin(kept, 'ann')
    await begin(kept, 'bob')
    await writeFile(file, `ann:${hash}\n`)
    written.length = 0
    await listTokens(await open(), out)
    const today = new Date().toISOString().slice(0, 10)
    const end = new Date(endsAt * 1000).toISOString().slice(0, 10)
    expect(written.join('').split('\n').slice(2)).toEqual([
      '',
      'USER  CLIENT  FROM       SINCE       EXPIRES',
      `ann   docker  192.0.2.7  ${today}  ${end}`,
      '',
    ])
  })

  it('revoke --user ends the sessions of one user, and says how many', async () => {
    const { kept, open, out, noted, folder } = await openForTest()
    for (const user of ['ann', 'bob', 'ann']) await begin(kept, user)
    const before = await kept.fingerprints.of('ann')
    await endTokensOf(kept, 'ann', out)
    const after = await open()
    expect((await after.sessions.list()).map(({ user }) => user)).toEqual(['bob'])
    expect(await after.fingerprints.of('ann')).not.toBe(before)
    expect(noted).toEqual([
      `ended 2 sessions and all tokens of ann in ${folder}; the password stays\n`,
    ])
  })

  it.each([
    ['an', /^there is no user an, and no session of one, in /],
    ['robot:ci', /^robot:ci is a robot: \S*kura token revoke ci ends its token$/],
  ])('revoke --user %s ends nothing', async (user, message) => {
    const { kept, out } = await openForTest()
    await expect(endTokensOf(kept, user, out)).rejects.toThrow(message)
    expect(await kept.endings.markOf(user)).toBeUndefined()
  })

  it.each([[[]], [['ci', '--user', 'ann']]])(
    'revoke %j is one thing too few or many',
    async (args) => {
      const { code, stderr } = await runKura(['token', 'revoke', ...args])
      expect([code, stderr]).toEqual([
        1,
        expect.stringContaining('either the name of a robot or --user'),
      ])
    },
  )

  const create = ['create', '--name', 'ci', '--actions', 'pull', '--repositories', '**']
  it.each([[create], [['revoke', '--user', 'ann']]])(
    'names the folder where no server has been, and makes none: %j',
    async (args) => {
      const cwd = await cleanup.folder()
      const { code, stdout, stderr } = await runKura(['token', ...args], { cwd })
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain(`there is no folder ${join(cwd, 'data/kura/tokens')}, so no server`)
      expect(await readdir(cwd)).toEqual([])
    },
  )

  it.each([
    [{ name: 'C I' }, /^--name: a name is/],
    [{ actions: 'fly' }, /^--actions: /],
    [{ actions: '' }, /^--actions: /],
    [{ repositories: 'team/App' }, /^--repositories: team\/App never matches/],
    [{ expires: 'soon' }, /^--expires: soon is not a duration/],
  ])('create names the option that is wrong: %j', async (wrong, message) => {
    const { kept, out, written } = await openForTest()
    await expect(createToken(kept, { ...wanted, ...wrong }, out)).rejects.toThrow(message)
    expect(written).toEqual([])
  })

  it.each([
    ['90d', 90 * 86_400_000],
    ['12h', 12 * 3_600_000],
    ['1h30m', 5_400_000],
    ['never', undefined],
  ])('an end in %s', (text, expected) => {
    expect(parseExpiry(text, 0)?.getTime()).toBe(expected)
  })

  it.each(['', '0', '0d', '-1h', '90', '90days', 'd', '999999d'])('no end in %p', (text) => {
    expect(() => parseExpiry(text, 0)).toThrow('--expires')
  })
})
