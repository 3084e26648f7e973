import { describe, expect, it } from '@jest/globals'
import { decodeJwt, SignJWT } from 'jose'
import { openSigningKeys } from '../../../../gateway/access/tokens/keys.ts'
import { createRefreshTokens } from '../../../../gateway/access/tokens/refresh.ts'
import { TokenRefused } from '../../../../gateway/access/tokens/refused.ts'
import {
  alice,
  cleanup,
  get,
  issuer,
  keys,
  own,
  post,
  refreshOptions,
  refreshTokens,
  reports,
  service,
  users,
  verify,
} from './token-service.ts'

describe('a refresh token', () => {
  const asked = () => refreshTokens.issue(alice) as Promise<string>

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
    expect(await refusalOf(token)).toBe('there is no user "alice" any more')
    users.set('alice', 'secret:word')
  })

  const options = { userExists: () => true }
  it.each([
    ['of another service', { ...refreshOptions, ...options, service: 'other' }, /CLAIM_VALIDATION/],
    ['of another issuer', { ...refreshOptions, ...options, issuer: 'other' }, /CLAIM_VALIDATION/],
    ['that is over', { ...refreshOptions, ...options, seconds: -1 }, /EXPIRED/],
  ])('%s is refused', async (_what, made, reason) => {
    const token = await createRefreshTokens(made).issue(alice)
    expect(await refusalOf(token ?? '')).toMatch(reason)
  })

  it('signed with another key is refused', async () => {
    const folder = await cleanup.folder()
    const others = await openSigningKeys({ folder, overlapSeconds: 1, report: () => {} })
    const forged = await createRefreshTokens({ ...refreshOptions, ...options, keys: others }).issue(
      alice,
    )
    expect(await refusalOf(forged ?? '')).toMatch(/is none of ours/)

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
    await keys.rotate()
    expect(await refreshTokens.verify(token)).toMatchObject({ name: 'alice' })
  })

  it('is refused as the one error of its kind', async () => {
    await expect(refreshTokens.verify('a.b.c')).rejects.toThrow(TokenRefused)
  })
})
