/** An access token ends with the credential it was given out for, whatever kind of credential that is. */
import { randomBytes } from 'node:crypto'
import { afterEach, describe, expect, it } from '@jest/globals'
import { decodeJwt } from 'jose'
import { createTokenIssuer } from '../../../../gateway/access/issue/issue.ts'
import { createSignIn } from '../../../../gateway/access/issue/sign-in.ts'
import { createFingerprints } from '../../../../gateway/access/verify/fingerprints.ts'
import type { Identity } from '../../../../registry/protocol/call.ts'
import {
  alice,
  basic,
  endings,
  fingerprints,
  get,
  issuer,
  keys,
  own,
  robots,
  service,
  users,
  verify,
} from '../issue/token-service.ts'

const [password, record] = ['secret:word', 'the record of ci']
afterEach(() => {
  users.set('alice', password)
  robots.set('ci', record)
})

const tokenOf = async (headers: Record<string, string>) => (await get('', headers)).json.token
const gone = { reason: expect.stringMatching(/that it is tied to is no longer good$/) }

type Row = [what: string, headers: Record<string, string>, end: () => void, back: () => void]
const rows: Row[] = [
  ['a user is removed', own, () => users.delete('alice'), () => users.set('alice', password)],
  [
    'a password is changed',
    own,
    () => users.set('alice', 'another'),
    () => users.set('alice', password),
  ],
  [
    'a robot is revoked',
    basic('any', 'kura_robot'),
    () => robots.delete('ci'),
    () => robots.set('ci', record),
  ],
  [
    'a robot of that name is made anew',
    basic('any', 'kura_robot'),
    () => robots.set('ci', 'another record'),
    () => robots.set('ci', record),
  ],
]

describe('an access token', () => {
  it.each(rows)('ends when %s, remembered or not', async (_what, headers, end, back) => {
    const [seen, unseen] = [await tokenOf(headers), await tokenOf(headers)]
    await verify(seen)
    end()
    for (const token of [seen, unseen]) await expect(verify(token)).rejects.toMatchObject(gone)
    back()
    expect(await verify(seen)).toMatchObject({ method: 'token' })
  })

  it('ends when all tokens of its user are, for good, while later ones do', async () => {
    const before = await tokenOf(own)
    const ofRobot = await tokenOf(basic('any', 'kura_robot'))
    await endings.end('alice')
    await expect(verify(before)).rejects.toMatchObject(gone)
    expect(await verify(ofRobot)).toMatchObject({ name: 'robot:ci' })
    const after = await tokenOf(own)
    expect(await verify(after)).toMatchObject({ name: 'alice' })
    await endings.end('alice')
    for (const token of [before, after]) await expect(verify(token)).rejects.toMatchObject(gone)
  })

  it('of a stranger is tied to nothing', async () => {
    const token = await tokenOf({})
    expect(decodeJwt(token)).not.toHaveProperty('kura_credential')
    expect(await verify(token)).toMatchObject({ name: undefined })
  })

  it('that an older kura gave out ends', async () => {
    const issueToken = createTokenIssuer({ keys, decide: () => ({ allowed: true }) })
    const { token } = await issueToken({
      identity: alice,
      scopes: [],
      service,
      issuer,
      seconds: 60,
    })
    await expect(verify(token)).rejects.toMatchObject({
      reason: 'it does not say which credential of "alice" it is tied to',
    })
  })

  it('that only its time has ended is still known for what it was, unless its user is gone', async () => {
    const fingerprint = (await fingerprints.of('alice')) ?? ''
    const issueToken = createTokenIssuer({ keys, decide: () => ({ allowed: true }) })
    const asked = { identity: alice, fingerprint, scopes: [], service, issuer, seconds: -600 }
    const { token } = await issueToken(asked)
    const expired = { identity: expect.objectContaining({ name: 'alice' }), at: expect.any(Date) }
    await expect(verify(token)).rejects.toMatchObject({ expired })
    users.delete('alice')
    await expect(verify(token)).rejects.toMatchObject({ ...gone, expired: undefined })
  })
})

describe('a fingerprint', () => {
  const parts = (key = randomBytes(32)) => ({
    key,
    hashOf: (user: string) => users.get(user),
    robots: { recordOf: async () => undefined, check: async () => {} },
    issuers: new Map<string, string>([['github', 'an issuer']]),
    endings,
  })

  it('is the same for all who have the key, and no others', async () => {
    const key = randomBytes(32)
    const [one, other] = [createFingerprints(parts(key)), createFingerprints(parts(key))]
    expect(await one.of('alice')).toBe(await other.of('alice'))
    expect(await createFingerprints(parts()).of('alice')).not.toBe(await one.of('alice'))
  })

  it('is of the user too: two with one hash have not the same', async () => {
    users.set('bob', password)
    expect(await fingerprints.of('bob')).not.toBe(await fingerprints.of('alice'))
    users.delete('bob')
  })

  it('is of a job what is configured of its issuer', async () => {
    const it = createFingerprints(parts())
    const changed = { ...parts(), issuers: new Map([['github', 'require: more']]) }
    const before = await it.of('github:team/app')
    expect(before).toMatch(/^[\w-]{22}$/)
    expect(await createFingerprints(changed).of('github:team/app')).not.toBe(before)
    expect(await it.of('gitlab:team/app')).toBeUndefined()
  })

  it('is of nobody where there is no such user', async () => {
    expect(await fingerprints.of('constructor')).toBeUndefined()
    expect(await fingerprints.of('robot:other')).toBeUndefined()
  })
})

it('a password that is replaced while it is checked gives no token', async () => {
  const check = async (name: string): Promise<Identity> => {
    users.set('alice', 'another')
    return { name, groups: [], method: 'htpasswd' }
  }
  expect(await createSignIn(check, fingerprints)('alice', password, '')).toBeUndefined()
})

it('a robot that is replaced while it is looked up gives no token', async () => {
  let record: string | undefined = 'the first record'
  const check = async (): Promise<Identity | undefined> =>
    record === 'the first record'
      ? { name: 'robot:ci', groups: [], method: 'access-token' }
      : undefined
  const of = async (name: string) => {
    if (name === 'robot:ci') record = 'a second record'
    return record
  }
  expect(await createSignIn(check, { of })('any', 'kura_robot', '')).toBeUndefined()
})
