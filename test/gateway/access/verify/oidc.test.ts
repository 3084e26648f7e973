import { createPublicKey } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { type OidcIssuer, openOidcAuthority } from '../../../../gateway/access/verify/oidc.ts'
import { createVerifier } from '../../../../gateway/access/verify/verify.ts'
import { cleanup, issuer, make, now, root, service } from './made-tokens.ts'

const jwks = join(await cleanup.folder(), 'jwks.json')
const key = { ...createPublicKey(root.privateKey).export({ format: 'jwk' }), kid: 'theirs' }
await writeFile(jwks, JSON.stringify({ keys: [key] }))

async function identityOf(options: Partial<OidcIssuer>, claims: object, kid = 'theirs') {
  const settings = { issuer, audience: service, keys: { jwks }, prefix: 'github', ...options }
  const verify = createVerifier({ authorities: [await openOidcAuthority(settings, () => {})] })
  return verify(await make({ header: { kid }, claims: { access: undefined, ...claims } }))
}

const sub = 'repo:org/app:ref:refs/heads/main'

describe('an identity token', () => {
  it.each<[string, Partial<OidcIssuer>, object, object]>([
    ['its subject', {}, { sub }, { name: `github:${sub}` }],
    [
      'another claim',
      { nameClaim: 'email' },
      { email: 'a@b.example' },
      { name: 'github:a@b.example' },
    ],
    [
      'groups',
      { groupsClaim: 'teams' },
      { teams: ['a', 'b'] },
      { groups: ['github:a', 'github:b'] },
    ],
    ['one group', { groupsClaim: 'org' }, { org: 'a' }, { groups: ['github:a'] }],
    ['no groups', { groupsClaim: 'org' }, {}, { groups: [] }],
    ['groups nobody asked for', {}, { groups: ['admin'], kura_groups: ['admin'] }, { groups: [] }],
    ['what is required', { require: { org: 'mine' } }, { org: 'mine' }, { name: 'github:alice' }],
  ])('gives %s', async (_what, options, claims, expected) => {
    const identity = await identityOf(options, claims)
    expect(identity).toMatchObject({ method: 'oidc', ...expected })
    expect(identity).not.toHaveProperty('bound')
  })

  it.each<[string, Partial<OidcIssuer>, object, RegExp]>([
    ['made for another place', {}, { aud: 'sts.example' }, /^its aud/],
    ['that is over', {}, { exp: now() - 100 }, /^it expired/],
    ['of someone else', { require: { org: 'mine' } }, { org: 'theirs' }, /^its org is "theirs"/],
    ['of a list', { require: { org: 'mine' } }, { org: ['mine'] }, /^its org is/],
    ['of nobody', { require: { org: 'mine' } }, {}, /^its org is nothing/],
    ['that is over, of someone else', { require: { org: 'a' } }, { exp: 1 }, /^its org/],
    ['without a name', {}, { sub: undefined }, /is no name/],
    ['with an empty name', {}, { sub: '' }, /is no name/],
    ['with a name of two lines', {}, { sub: 'a\nb' }, /is no name/],
    ['with an endless name', {}, { sub: 'a'.repeat(300) }, /is no name/],
    ['with an inherited name', { nameClaim: 'constructor' }, {}, /is no name/],
    ['with groups that are none', { groupsClaim: 'g' }, { g: [{ a: 1 }] }, /groups are not/],
  ])('%s is refused', async (_what, options, claims, reason) => {
    await expect(identityOf(options, claims)).rejects.toMatchObject({
      reason: expect.stringMatching(reason),
    })
  })

  it('of an unknown key is refused', async () => {
    await expect(identityOf({}, {}, 'other')).rejects.toMatchObject({
      reason: expect.stringMatching(/is none of/),
    })
  })

  it.each(['', 'robot', 'user', 'group', 'a:b', 'A'])('cannot begin with %p', async (prefix) => {
    await expect(identityOf({ prefix }, {})).rejects.toThrow('cannot begin the names')
  })
})
