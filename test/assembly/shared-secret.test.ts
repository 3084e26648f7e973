/** Which secret signs what clients are shown, and which is none. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { findProblems, warningsOf } from '../../assembly/checks/checks.ts'
import { findUploadSecret, isPlaceholder } from '../../assembly/shared-secret.ts'
import { load } from '../config/written.ts'

const long = 'f3a9c1d07be24586f3a9c1d07be2458e'
const other = 'Zx81-mQ7LrT0vWbE5nYcK2hGdJ4sAuPo9iF3tXe6'
const short = long.slice(1)
const find = (secret: string | undefined, given: string) =>
  findUploadSecret({ http: { secret } } as never, given)

describe('what clients carry is signed with', () => {
  it('the secret of the configuration where nobody could guess it', () => {
    expect(find(long, other)).toBe(long)
  })

  it.each([undefined, '', short, 'x'.repeat(32)])(
    'that of the processes of a machine where it is %j',
    (secret) => {
      expect(find(secret, other)).toBe(other)
    },
  )

  it('one that nobody knows where both could be guessed', () => {
    const found = find(short, short)
    expect(found).toHaveLength(43)
    expect(find(short, short)).not.toBe(found)
  })
})

const examples = [
  'put-32-random-characters-here',
  'put-32-random-characters-right-here',
  'put-64-random-characters-here',
  'asecretforlocaldevelopment',
  'please-changeme-please-changeme-1',
  'a very long random shared secret key',
  'your-secret-key-here',
  '<openssl rand -hex 32>',
  `$${'{KURA_SECRET}'}`,
  '0123456789abcdef0123456789abcdef',
  '00000000000000000000000000000000',
]
const config = (secret: string, storage = '{s3: {bucket: a, region: b}}') =>
  load(
    `version: 0.1\nstorage: ${storage}\nhttp: {addr: ":5000", secret: ${JSON.stringify(secret)}}\nkura: {workers: {addresses: ["a:1"]}}\n`,
  )

describe('a secret that an example shows', () => {
  it.each(examples)(
    '%s is refused by name where gateways and workers rest on it',
    async (secret) => {
      for (const command of ['gateway', 'worker'] as const) {
        const [said, ...others] = findProblems(command, await config(secret))
        expect(others).toEqual([])
        expect(said).toMatch(/^http\.secret \(\S*config\.yml:3\) is what an example shows; /)
        expect(said).not.toContain(secret)
      }
    },
  )

  it('starts a registry of one machine, which makes no use of it and says so', async () => {
    const loaded = await config('asecretforlocaldevelopment', 'inmemory')
    expect(findProblems('serve', loaded)).toEqual([])
    const said = warningsOf('serve', loaded).filter((it) => it.startsWith('http.secret'))
    expect(said).toEqual([
      expect.stringMatching(/:3\) is what an example shows, so it is not used/),
    ])
  })

  it('stands nowhere in our own pages but as one that is refused', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/cluster.md'), 'utf8')
    const [, shown = ''] = /^ {2}secret: (.*)$/m.exec(page) ?? []
    expect(isPlaceholder(shown.replaceAll('"', ''))).toBe(true)
  })
})

describe('a secret of gateways and workers', () => {
  it('is refused below 32 characters, the number that the pages say', async () => {
    const [said] = findProblems('gateway', await config(short))
    expect(said).toContain('http.secret')
    expect(said).toContain('32 characters or more')
  })

  it.each([long, other, 'shared by the commands of a test'])('may be %s', async (secret) => {
    expect(findProblems('gateway', await config(secret))).toEqual([])
  })
})
