import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { type NewRobot, openRobots } from '../../../gateway/access/robots.ts'
import { isWithinBound } from '../../../gateway/access/verify/bound.ts'
import { useCleanup } from '../../support/cleanup.ts'

const cleanup = useCleanup()
const ci: NewRobot = { name: 'ci', actions: ['pull'], repositories: ['team/**'] }

async function open(given?: string) {
  const folder = given ?? join(await cleanup.folder(), 'robots')
  const reports: string[] = []
  const report = (error: unknown) => reports.push(String(error))
  return { robots: await openRobots({ folder, report, checkMs: 0 }), folder, reports }
}

describe('the token of a robot', () => {
  it('says who it is and what it may at most', async () => {
    const { robots } = await open()
    const token = await robots.create(ci)
    expect(token).toMatch(/^kura_[\w-]{43}$/)
    const identity = await robots.find(token)
    expect(identity).toMatchObject({ name: 'robot:ci', groups: [], method: 'access-token' })
    const allows = (name: string, action: string) =>
      isWithinBound(identity?.bound, { type: 'repository', name, action })
    expect(allows('team/a/b', 'pull')).toBe(true)
    expect(allows('team/a', 'push')).toBe(false)
    expect(allows('teams/a', 'pull')).toBe(false)
    expect(allows('team/**', 'pull')).toBe(true)
  })

  it('is nowhere on the disk', async () => {
    const { robots, folder } = await open()
    const token = await robots.create(ci)
    expect(await readdir(folder)).toEqual(['ci.json'])
    const text = await readFile(join(folder, 'ci.json'), 'utf8')
    expect(text).not.toContain(token.slice(5))
    expect((await stat(join(folder, 'ci.json'))).mode & 0o777).toBe(0o600)
  })

  it('is known to other processes at once, and no more when it is revoked', async () => {
    const { robots, folder } = await open()
    const other = await open(folder)
    const token = await robots.create(ci)
    expect(await other.robots.find(token)).toMatchObject({ name: 'robot:ci' })
    expect(await robots.revoke('ci')).toBe(true)
    expect(await other.robots.find(token)).toBeUndefined()
    expect(await robots.revoke('ci')).toBe(false)
  })

  it.each([
    [-1000, undefined],
    [60_000, 'robot:ci'],
  ])('that ends in %d ms is %p', async (ms, expected) => {
    const { robots } = await open()
    const expiresAt = new Date(Date.now() + ms).toISOString()
    const token = await robots.create({ ...ci, expiresAt })
    expect((await robots.find(token))?.name).toBe(expected)
  })

  it('is no other text', async () => {
    const { robots } = await open()
    const token = await robots.create(ci)
    const others = ['', 'kura_', token.slice(0, -1), `${token}a`, token.toUpperCase(), `${token}\n`]
    expect(await Promise.all(others.map(robots.find))).toEqual(others.map(() => undefined))
  })

  it('is made once of several at the same time', async () => {
    const { robots, folder } = await open()
    const other = await open(folder)
    const made = await Promise.allSettled([robots, other.robots, robots].map((it) => it.create(ci)))
    expect(made.filter((it) => it.status === 'fulfilled')).toHaveLength(1)
    await expect(robots.create(ci)).rejects.toThrow('there is a token called ci')
  })

  it('does not take another with it when its file is damaged', async () => {
    const { robots, folder, reports } = await open()
    const token = await robots.create(ci)
    await robots.create({ ...ci, name: 'broken' })
    await writeFile(join(folder, 'broken.json'), '{')
    await chmod(folder, 0o700)
    await robots.create({ ...ci, name: 'another' })
    expect(await robots.find(token)).toMatchObject({ name: 'robot:ci' })
    expect(reports[0]).toMatch(/broken.json is not an access token's file/)
  })

  it.each<[string, Partial<Record<keyof NewRobot, unknown>>]>([
    ['a name that leads elsewhere', { name: '../ci' }],
    ['a name with a slash', { name: 'a/b' }],
    ['an empty name', { name: '' }],
    ['an unknown action', { actions: ['admin'] }],
    ['no action', { actions: [] }],
    ['no repository', { repositories: [] }],
    ['an empty pattern', { repositories: [''] }],
    ['a pattern that never matches', { repositories: ['team/App*'] }],
    ['a pattern for each user', { repositories: [['home/$', '{user}/**'].join('')] }],
    ['an end that is no time', { expiresAt: 'tomorrow' }],
  ])('is not made with %s', async (_what, wrong) => {
    const { robots, folder } = await open()
    await expect(robots.create({ ...ci, ...wrong } as NewRobot)).rejects.toThrow()
    expect(await readdir(folder)).toEqual([])
  })

  it('is listed without its hash', async () => {
    const { robots } = await open()
    await robots.create({ ...ci, name: 'b' })
    await robots.create(ci)
    await robots.create({ ...ci, name: 'a' })
    const found = await robots.list()
    expect(found.map(({ name }) => name)).toEqual(['a', 'b', 'ci'])
    expect(found[2]).toEqual({ ...ci, createdAt: expect.any(String) })
  })
})
