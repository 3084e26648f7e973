import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { CompactSign, UnsecuredJWT } from 'jose'
import {
  deep,
  early,
  expired,
  issuer,
  kid,
  leaf,
  type Making,
  make,
  noKid,
  now,
  ofExpiredRoot,
  ofImpostor,
  ofLeaf,
  open,
  publicKey,
  reasonOf,
  root,
  service,
  stranger,
} from './made-tokens.ts'

const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = publicKey.export({ format: 'pem', type: 'spki' })
const secret = Buffer.from(String(pem))

describe('a token is refused', () => {
  it.each<[string, Making, RegExp]>([
    ['expired', { claims: { exp: now() - 61 } }, /^it expired at/],
    ['without an end', { claims: { exp: undefined } }, /^its exp is/],
    ['with an end that is text', { claims: { exp: '9999999999' } }, /exp/],
    ['with an end that is null', { claims: { exp: null } }, /exp/],
    ['before its time', { claims: { nbf: now() + 120 } }, /^its nbf is/],
    ['for another service', { claims: { aud: 'other' } }, /^its aud is "other", wanted/],
    ['for other services', { claims: { aud: ['other', 'registry'] } }, /^its aud is/],
    ['for nobody', { claims: { aud: undefined } }, /^its aud is/],
    ['of another issuer', { claims: { iss: 'https://evil.example' } }, /iss "https:\/\/evil/],
    ['of several issuers', { claims: { iss: [issuer] } }, /iss/],
    ['of no issuer', { claims: { iss: undefined } }, /iss nothing/],
    ['of an unknown key', { header: { kid: 'unknown' } }, /^its kid "unknown" is none of/],
    ['of no key where two fit', { header: noKid }, /names no key, and several/],
    ['of a forged key', { key: other.privateKey }, /signature or its form/],
    ['of a kid that is a path', { header: { kid: '../../etc/passwd' } }, /is none of/],
    ['of a kid that is a query', { header: { kid: "' OR 1=1 --" } }, /is none of/],
    ['of a kid that is inherited', { header: { kid: '__proto__' } }, /is none of/],
    ['of a kid that is long', { header: { kid: 'k'.repeat(5000) } }, /is none of/],
    ['of a kid that is no text', { header: { kid: { a: 1 } } }, /kid/],
    ['with another type', { header: { typ: 'kura-refresh+jwt' } }, /^its typ "kura-refresh/],
    ['with a type that is no text', { header: { typ: 1 } }, /^its typ 1/],
    ['with its public key as a secret', { alg: 'HS256', key: secret }, /^its alg is none of/],
    [
      'with a key of its own',
      {
        header: { ...noKid, jwk: other.publicKey.export({ format: 'jwk' }) },
        key: other.privateKey,
      },
      /is none of/,
    ],
    [
      'with a key of its own under a trusted name',
      {
        header: { ...noKid, jwk: { ...other.publicKey.export({ format: 'jwk' }), kid } },
        key: other.privateKey,
      },
      /signature or its form/,
    ],
    ['with a jwk that is no key', { header: { ...noKid, jwk: 'x' } }, /^its jwk is not/],
    ['with the jwk of a secret', { header: { ...noKid, jwk: { kty: 'oct', k: 'AA' } } }, /jwk/],
    ['with x5c of a stranger', chainOf(stranger), /does not lead to a trusted/],
    ['with x5c of one who calls himself root', chainOf(ofImpostor), /does not lead to a trusted/],
    ['with x5c that is over', chainOf(expired), /not in its time/],
    ['with x5c that is not yet', chainOf(early), /not in its time/],
    ['with x5c of a root that is over', chainOf(ofExpiredRoot), /does not lead/],
    ['with x5c below a leaf', chainOf(ofLeaf, leaf), /does not lead/],
    ['with x5c that lacks the middle', chainOf(deep), /does not lead/],
    ['with x5c that is reordered', chainOf(stranger, leaf), /does not lead/],
    ['with x5c and the key of another', chainOf(leaf, root, stranger), /signature or its form/],
    ['with an empty x5c', { header: { x5c: [] } }, /x5c is empty/],
    ['with x5c that is no list', { header: { x5c: root.base64 } }, /x5c is not a list/],
    ['with x5c that is no certificate', { header: { x5c: ['AAAA'] } }, /not a certificate/],
    ['with an endless x5c', { header: { x5c: Array(50).fill(leaf.base64) } }, /x5c is not a list/],
    ['with access of another kind', { claims: { access: 'all' } }, /claims are not/],
    ['with actions of another kind', { claims: { access: [{ type: 'a' }] } }, /claims are not/],
    ['with groups of another kind', { claims: { kura_groups: 'admin' } }, /claims are not/],
    ['with a name of another kind', { claims: { sub: 7 } }, /claims are not/],
  ])('%s', async (_what, making, reason) => {
    expect(await reasonOf(await make(making))).toMatch(reason)
  })

  it('without a signature', async () => {
    const claims = { iss: issuer, aud: service, exp: now() + 300, access: [] }
    expect(await reasonOf(new UnsecuredJWT(claims).encode())).toMatch(/alg|signature/)
  })

  it('when a letter of it has changed', async () => {
    const [header, , signature] = (await make()).split('.')
    const [, payload] = (await make({ claims: { sub: 'root' } })).split('.')
    expect(await reasonOf(`${header}.${payload}.${signature}`)).toMatch(/signature/)
  })

  it.each(['', '.', '..', 'a.b.c', '{}', 'e30.e30.', `e30.e30.${'a'.repeat(40_000)}`])(
    'that is none: %.20s',
    async (text) => {
      expect(await reasonOf(text)).toMatch(/^it is not a JSON|^it is too long|iss nothing/)
    },
  )

  it('whose payload is a list', async () => {
    const list = new TextEncoder().encode('[]')
    const header = { alg: 'ES256', kid }
    const token = await new CompactSign(list).setProtectedHeader(header).sign(root.privateKey)
    expect(await reasonOf(token)).toMatch(/not a JSON|form/)
  })

  it('but says whose it was when only its time has passed', async () => {
    const verify = await open()
    const token = await make({ claims: { exp: now() - 600 } })
    await expect(verify(token)).rejects.toMatchObject({
      expired: { identity: { name: 'alice' }, at: new Date((now() - 600) * 1000) },
    })
    const forged = make({ claims: { exp: now() - 600 }, key: other.privateKey })
    await expect(verify(await forged)).rejects.toMatchObject({ expired: undefined })
  })
})

function chainOf(...chain: (typeof root)[]): Making {
  const key = (chain.length === 3 ? chain[2] : chain[0])?.privateKey
  const x5c = chain.slice(0, 2).map((it) => it.base64)
  return { key, header: { ...noKid, x5c } }
}
