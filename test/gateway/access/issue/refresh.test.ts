import { randomUUID } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { decodeJwt, SignJWT } from 'jose'
import { createRefreshTokens } from '../../../../gateway/access/issue/refresh.ts'
import { openSigningKeys } from '../../../../gateway/access/keys/folder-keys.ts'
import { TokenRefused } from '../../../../gateway/access/verify/refused.ts'
import {
  alice,
  cleanup,
  fingerprints,
  get,
  issuer,
  keys,
  own,
  post,
  refreshOptions,
  refreshTokens,
  reports,
  service,
  sessions,
  start,
  users,
  verify,
} from './token-service.ts'

describe('a refresh token', () => {
  const keeper = { client: 'docker', address: '192.0.2.7' }
  const signedIn = async () => {
    const fingerprint = await fingerprints.of('alice')
    return { identity: alice, ...(fingerprint !== undefined && { fingerprint }) }
  }
  const asked = async (by = refreshTokens) => (await by.issue(await signedIn(), keeper)) ?? ''

  async function refusalOf(token: string) {
    const answer = await post({ grant_type: 'refresh_token', refresh_token: token })
    expect([answer.status, answer.json.error]).toEqual([401, 'invalid_grant'])
    expect(answer.body.toString()).not.toContain(reports.at(-1))
    return reports.at(-1)
  }

  it('lasts thirty days', async () => {
    const { iat, exp } = decodeJwt(await asked())
    expect(Number(exp) - Number(iat)).toBe(30 * 86_400)
  })

  it('is no access token', async () => {
    await expect(verify(await asked())).rejects.toMatchObject({
      reason: expect.stringMatching(/^its typ/),
    })
  })

  it('is not replaced by an access token', async () => {
    const { json } = await get('', own)
    expect(await refusalOf(json.token)).toMatch(/CLAIM_VALIDATION/)
  })

  it('is worth nothing once its user is gone', async () => {
    const token = await asked()
    users.delete('alice')
    expect(await refusalOf(token)).toBe(
      'the credential of "alice" that it is tied to is no longer good',
    )
    users.set('alice', 'secret:word')
    expect((await refreshTokens.verify(token)).identity.name).toBe('alice')
  })

  it('is worth nothing once the password is another', async () => {
    const token = await asked()
    users.set('alice', 'a new secret')
    expect(await refusalOf(token)).toMatch(/is no longer good/)
    users.set('alice', 'secret:word')
  })

  it('is a session, and worth nothing once that is ended', async () => {
    await sessions.endAll('alice')
    const token = await asked()
    expect(await sessions.list()).toMatchObject([{ user: 'alice', ...keeper }])
    expect(await sessions.endAll('alice')).toBe(1)
    expect(await refusalOf(token)).toBe('this session of "alice" was ended')
  })

  it('that an older kura gave out is worth nothing', async () => {
    const { kid, key } = await keys.signing()
    const token = await new SignJWT({ sub: 'alice', jti: randomUUID() })
      .setProtectedHeader({ alg: 'ES256', typ: 'kura-refresh+jwt', kid })
      .setIssuer(issuer)
      .setAudience(service)
      .setExpirationTime('1h')
      .sign(key)
    expect(await refusalOf(token)).toMatch(/^it does not say which credential/)
  })

  it('is neither given out nor taken where the setting is off', async () => {
    const url = await start({ refreshTokens: undefined })
    const wish = { service, client_id: 'docker', access_type: 'offline' }
    const login = { ...wish, grant_type: 'password', username: 'alice', password: 'secret:word' }
    const ask = async (form: Record<string, string>) => {
      const answer = await fetch(`${url}/v2/token`, {
        method: 'POST',
        body: new URLSearchParams(form),
      })
      return { status: answer.status, json: await answer.json() }
    }
    const given = await ask(login)
    expect(given.status).toBe(200)
    expect(given.json).not.toHaveProperty('refresh_token')
    const taken = await ask({ ...wish, grant_type: 'refresh_token', refresh_token: await asked() })
    expect(taken).toEqual({
      status: 401,
      json: { error: 'invalid_grant', error_description: 'this login has ended; sign in again' },
    })
    expect(reports.at(-1)).toMatch(/kura.tokens.refresh is off/)
  })

  it.each([
    ['of another service', { ...refreshOptions, service: 'other' }, /CLAIM_VALIDATION/],
    ['of another issuer', { ...refreshOptions, issuer: 'other' }, /CLAIM_VALIDATION/],
    ['that is over', { ...refreshOptions, seconds: -1 }, /EXPIRED/],
  ])('%s is refused', async (_what, made, reason) => {
    expect(await refusalOf(await asked(createRefreshTokens(made)))).toMatch(reason)
  })

  it('signed with another key is refused', async () => {
    const folder = await cleanup.folder()
    const others = await openSigningKeys({ folder, overlapSeconds: 1, report: () => {} })
    const forged = await asked(createRefreshTokens({ ...refreshOptions, keys: others }))
    expect(await refusalOf(forged)).toMatch(/is none of ours/)

    const { kid } = await keys.signing()
    const token = await new SignJWT({ sub: 'alice', jti: 'x' })
      .setProtectedHeader({ alg: 'ES256', typ: 'kura-refresh+jwt', kid })
      .setIssuer(issuer)
      .setAudience(service)
      .setExpirationTime('1h')
      .sign((await others.signing()).key)
    expect(await refusalOf(token)).toMatch(/SIGNATURE/)
  })

  it('outlives a rotation', async () => {
    const token = await asked()
    await keys.rotateAfter(0)
    expect((await refreshTokens.verify(token)).identity.name).toBe('alice')
  })

  it('is refused as the one error of its kind', async () => {
    await expect(refreshTokens.verify('a.b.c')).rejects.toThrow(TokenRefused)
  })
})
