import { describe, expect, it } from '@jest/globals'
import { createToken, listTokens, parseExpiry, revokeToken } from '../../cli/token.ts'
import { openRobots } from '../../gateway/access/tokens/robots.ts'
import { useCleanup } from '../support/cleanup.ts'

const cleanup = useCleanup()
const wanted = {
  name: 'ci',
  actions: 'pull, push',
  repositories: 'team/**,public/a',
  expires: '90d',
}

async function open() {
  const robots = await openRobots({ folder: await cleanup.folder(), report: () => {}, checkMs: 0 })
  const written: string[] = []
  const noted: string[] = []
  const write = (text: string) => void written.push(text)
  const note = (text: string) => void noted.push(text)
  return { robots, out: { write, note }, written, noted }
}

describe('kura token', () => {
  it('create writes the token alone, and what it is beside it', async () => {
    const { robots, out, written, noted } = await open()
    await createToken(robots, wanted, out)
    const text = written.join('')
    expect(text).toMatch(/^kura_[\w-]{43}\n$/)
    expect(noted.join('')).toMatch(/^the token of robot:ci, valid until \d{4}-\d\d-\d\d; it is not/)
    expect(noted.join('')).not.toContain(text.trim())
    expect(await robots.find(text.trim())).toMatchObject({ name: 'robot:ci' })
  })

  it('list shows a table', async () => {
    const { robots, out, written } = await open()
    await createToken(robots, { ...wanted, expires: 'never' }, out)
    const expiresAt = '2020-01-02T00:00:00.000Z'
    await robots.create({ name: 'older', actions: ['*'], repositories: ['**'], expiresAt })
    written.length = 0
    await listTokens(robots, out)
    expect(written.join('').split('\n')).toEqual([
      'NAME   ACTIONS    REPOSITORIES      EXPIRES',
      'ci     pull,push  team/**,public/a  never',
      'older  *          **                2020-01-02 (expired)',
      '',
    ])
  })

  it('list says when there are none', async () => {
    const { robots, out, written } = await open()
    await listTokens(robots, out)
    expect(written).toEqual(['there are no access tokens\n'])
  })

  it('revoke ends it, and says when there was none', async () => {
    const { robots, out, written } = await open()
    await createToken(robots, wanted, out)
    await revokeToken(robots, 'ci')
    expect(await robots.find(written.join('').trim())).toBeUndefined()
    await expect(revokeToken(robots, 'ci')).rejects.toThrow('there is no access token called ci')
  })

  it.each([
    [{ name: 'C I' }, /^--name: a name is/],
    [{ actions: 'fly' }, /^--actions: /],
    [{ actions: '' }, /^--actions: /],
    [{ repositories: 'Team/*' }, /^--repositories: Team\/\* never matches/],
    [{ expires: 'soon' }, /^--expires: soon is not a duration/],
  ])('create names the option that is wrong: %j', async (wrong, message) => {
    const { robots, out, written } = await open()
    await expect(createToken(robots, { ...wanted, ...wrong }, out)).rejects.toThrow(message)
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
