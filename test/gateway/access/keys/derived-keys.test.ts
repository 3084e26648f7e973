/** Machines that have one secret take each other's tokens, in each period and across its ends. */
import { describe, expect, it } from '@jest/globals'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { createTokenIssuer } from '../../../../gateway/access/issue/issue.ts'
import { createRefreshTokens } from '../../../../gateway/access/issue/refresh.ts'
import { createSessions } from '../../../../gateway/access/issue/sessions.ts'
import { createDerivedKeys } from '../../../../gateway/access/keys/derived-keys.ts'
import type { SigningKeys } from '../../../../gateway/access/keys/signing-keys.ts'
import { openTrust } from '../../../../gateway/access/keys/trust.ts'
import { createVerifier } from '../../../../gateway/access/verify/verify.ts'
import { useCleanup } from '../../../support/cleanup.ts'

const cleanup = useCleanup()
const secret = 'a secret of 32 characters or more'
const [service, issuer] = ['registry.example', 'https://registry.example']
const day = 86_400_000
const periodMs = 90 * day
const overlapSeconds = 31 * 86_400
const ann = { name: 'ann', groups: [], method: 'htpasswd' }

/** The end of the period in which this test runs, so that what is signed is good by its own time. */
const end = Math.ceil(Date.now() / periodMs) * periodMs

/** A machine with a clock that is set by hand. */
function machine(at: number = end - 1, options: Partial<typeof asUsual> = {}) {
  const clock = { at }
  const keys = createDerivedKeys({ ...asUsual, ...options, now: () => clock.at })
  return { clock, keys }
}
const asUsual = { secret, periodMs, overlapSeconds }

const signs = async ({ keys }: { keys: SigningKeys }) => (await keys.signing()).kid
const kidsOf = async ({ keys }: { keys: SigningKeys }) =>
  (await keys.verifying()).map(({ kid }) => kid)

async function issue(keys: SigningKeys, seconds: number): Promise<string> {
  const issueToken = createTokenIssuer({ keys, decide: () => ({ allowed: true }) })
  return (await issueToken({ identity: ann, scopes: [], service, issuer, seconds })).token
}

/** Looks at the key alone: the time in a token is held to the real clock. */
async function verifierOf(keys: SigningKeys) {
  const trust = await openTrust({ own: keys, report() {} })
  return createVerifier({ authorities: [{ issuer, service, algorithms: ['ES256'], trust }] })
}

describe('keys made of a secret', () => {
  it('are the same on two machines with the same secret', async () => {
    const [one, other] = [machine(), machine()]
    expect(await signs(one)).toBe(await signs(other))
    expect(await one.keys.jwks()).toEqual(await other.keys.jwks())
  })

  it('have none in common with those of another secret', async () => {
    const others = await kidsOf(machine(end - 1, { secret: `${secret}!` }))
    expect(new Set([...others, ...(await kidsOf(machine()))]).size).toBe(4)
  })

  it('sign with another one in each period', async () => {
    const it = machine(end - periodMs)
    const first = await signs(it)
    it.clock.at = end - 1
    expect(await signs(it)).toBe(first)
    it.clock.at = end
    expect(await signs(it)).not.toBe(first)
  })

  it('verify with the next one before it signs, for clocks differ', async () => {
    const [behind, ahead] = [machine(end - 1), machine(end)]
    expect(await kidsOf(behind)).toContain(await signs(ahead))
    expect(await kidsOf(ahead)).toContain(await signs(behind))
  })

  it('publish the next one in good time, and nothing secret', async () => {
    const { keys } = await machine(end - 1).keys.jwks()
    const next = await signs(machine(end))
    expect(keys.map((key) => Object(key).kid)).toContain(next)
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
      expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
    }
  })

  it('verify what was signed at the end of a period until the last such token has ended', async () => {
    const signing = machine(end - 1)
    const token = await issue(signing.keys, 365 * 86_400)
    const { clock, keys } = machine(end)
    const verify = await verifierOf(keys)
    expect(await verify(token)).toMatchObject({ name: 'ann' })
    clock.at = end + overlapSeconds * 1000 - 1
    expect(await verify(token)).toMatchObject({ name: 'ann' })
    clock.at = end + overlapSeconds * 1000
    await expect(verify(token)).rejects.toMatchObject({
      reason: expect.stringMatching(/kid .* is none of/),
    })
  })

  it('verify refresh tokens of another machine', async () => {
    const sessions = createSessions({ folder: await cleanup.folder(), report: () => {} })
    const fingerprints = { confirm: async () => {} }
    const parts = { issuer, service, seconds: 60, fingerprints, sessions }
    const made = createRefreshTokens({ keys: machine(end - 1).keys, ...parts })
    const signedIn = { identity: ann, fingerprint: 'of ann' }
    const token = (await made.issue(signedIn, { client: '', address: '' })) ?? ''
    const other = (it: SigningKeys) => createRefreshTokens({ keys: it, ...parts }).verify(token)
    expect(await other(machine(end).keys)).toMatchObject({ identity: { name: 'ann' } })
    const strange = machine(end, { secret: `${secret}!` }).keys
    await expect(other(strange)).rejects.toMatchObject({
      reason: expect.stringMatching(/is none of ours/),
    })
  })

  it('let others check our tokens with what is published', async () => {
    const token = await issue(machine(end).keys, 60)
    const published = (await machine(end - 1).keys.jwks()) as JSONWebKeySet
    const { payload } = await jwtVerify(token, createLocalJWKSet(published), {
      algorithms: ['ES256'],
      issuer,
      audience: service,
    })
    expect(payload.sub).toBe('ann')
  })

  it('are one key for ever where rotation is off', async () => {
    const it = machine(0, { periodMs: 0 })
    const first = await signs(it)
    it.clock.at = end + 100 * periodMs
    expect(await signs(it)).toBe(first)
    expect(await kidsOf(it)).toEqual([first])
  })

  const rows: [periodMs: number, sinceEnd: number, keys: number][] = [
    [90 * day, -1, 2],
    [90 * day, 0, 3],
    [90 * day, 31 * day - 1, 3],
    [90 * day, 31 * day, 2],
    // Short periods: several may have signed what is still good.
    [10 * day, -1, 5],
    [10 * day, 0, 6],
    [31 * day, 0, 3],
    [day / 24, 0, 31 * 24 + 2],
  ]
  it.each(rows)('with a period of %i ms, %i ms after its end: %i', async (...row) => {
    const [length, sinceEnd, count] = row
    const at = Math.ceil(end / length) * length + sinceEnd
    expect(await kidsOf(machine(at, { periodMs: length }))).toHaveLength(count)
  })

  it('are one list while nothing changes, and another one as soon as something does', async () => {
    const it = machine(end - 2)
    const before = await it.keys.verifying()
    it.clock.at = end - 1
    await it.keys.refresh()
    expect(await it.keys.verifying()).toBe(before)
    for (const at of [end, end + overlapSeconds * 1000, end - 1]) {
      it.clock.at = at
      expect(await it.keys.verifying()).not.toBe(before)
    }
    expect(await kidsOf(it)).toEqual(before.map(({ kid }) => kid))
  })
})
