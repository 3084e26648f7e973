import { type KeyObject, randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import type { JWTPayload } from 'jose'
import { asymmetric } from '../../../../gateway/access/keys/algorithms.ts'
import { idsOfKey } from '../../../../gateway/access/keys/key-ids.ts'
import { openTrust } from '../../../../gateway/access/keys/trust.ts'
import { TokenRefused } from '../../../../gateway/access/verify/refused.ts'
import { createVerifier } from '../../../../gateway/access/verify/verify.ts'
import {
  cleanup,
  deep,
  issuer,
  kid,
  leaf,
  type Making,
  make,
  middle,
  noKid,
  now,
  open,
  publicKey,
  root,
  service,
  stranger,
} from './made-tokens.ts'

describe('a good token', () => {
  it.each<[string, Making, object]>([
    ['as issuers make them', {}, {}],
    ['for several services', { claims: { aud: ['other', service] } }, {}],
    ['without nbf', { claims: { nbf: undefined } }, {}],
    ['within the leeway after its end', { claims: { exp: now() - 30 } }, {}],
    ['within the leeway before its time', { claims: { nbf: now() + 30 } }, {}],
    ['of the type JWT', { header: { typ: 'JWT' } }, {}],
    ['of the type at+jwt', { header: { typ: 'application/at+jwt' } }, {}],
    ['with its only key unnamed by x5c', { header: { ...noKid, x5c: [root.base64] } }, {}],
    ['with a leaf', { key: leaf.privateKey, header: { ...noKid, x5c: [leaf.base64] } }, {}],
    ['of a stranger', { claims: { sub: undefined } }, { name: undefined }],
    ['of a stranger with an empty name', { claims: { sub: '' } }, { name: undefined }],
    ['without access', { claims: { access: undefined } }, { bound: [] }],
    ['with no access', { claims: { access: [] } }, { bound: [] }],
    ['with groups', { claims: { kura_groups: ['dev'] } }, { groups: ['dev'] }],
  ])('%s is taken', async (_what, making, expected) => {
    const verify = await open()
    expect(await verify(await make(making))).toEqual({
      name: 'alice',
      groups: [],
      method: 'token',
      bound: [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }],
      ...expected,
    })
  })

  it('may come with a chain of several certificates', async () => {
    const x5c = [deep.base64, middle.base64]
    const verify = await open()
    const token = await make({ key: deep.privateKey, header: { ...noKid, x5c } })
    expect(await verify(token)).toMatchObject({ name: 'alice' })
  })

  it.each(idsOfKey(publicKey))('may call its key %s', async (id) => {
    const verify = await open()
    expect(await verify(await make({ header: { kid: id } }))).toMatchObject({ name: 'alice' })
  })

  it.each([
    ['its kid', { kid }],
    ['its thumbprint', publicKey.export({ format: 'jwk' })],
  ])('may name a trusted key by a jwk with %s', async (_what, jwk) => {
    const verify = await open()
    expect(await verify(await make({ header: { ...noKid, jwk } }))).toMatchObject({ name: 'alice' })
  })
})

describe('what was verified', () => {
  it('is remembered, but not beyond a change of the keys', async () => {
    const path = join(await cleanup.folder(), 'bundle.pem')
    await writeFile(path, root.pem)
    const trust = await openTrust({ rootcertbundle: path, checkMs: 0, report: () => {} })
    const authority = { issuer, service, algorithms: asymmetric, trust }
    const verify = createVerifier({ authorities: [authority] })
    const token = await make()
    expect(await verify(token)).toMatchObject({ name: 'alice' })
    expect(await verify(token)).toMatchObject({ name: 'alice' })
    await writeFile(path, stranger.pem)
    await expect(verify(token)).rejects.toMatchObject({
      reason: expect.stringMatching(/is none of/),
    })
  })

  it('is remembered by what it takes, not by how many there are', async () => {
    const trust = await openTrust({ ...(await bundleOf(root.pem)), report: () => {} })
    let readings = 0
    const identityOf = ({ sub = '' }: JWTPayload) => {
      readings += 1
      return { name: sub, groups: [], method: 'token' }
    }
    const authority = { issuer, service, algorithms: asymmetric, trust, identityOf }
    const verify = createVerifier({ authorities: [authority], remember: 200_000 })
    const readAgain = async (tokens: string[]) => {
      for (const token of tokens) await verify(token)
      readings = 0
      for (const token of tokens) await verify(token)
      return readings
    }
    const small = await Promise.all(Array.from({ length: 20 }, () => make({ claims: nonce() })))
    expect(await readAgain(small)).toBe(0)
    const large = () => make({ claims: { ...nonce(), filler: 'a'.repeat(20_000) } })
    expect(await readAgain([await large(), await large()])).toBe(0)
    expect(await readAgain([await large(), await large(), await large(), await large()])).toBe(4)
  })

  it('is not remembered beyond its time', async () => {
    let time = Date.now()
    const verify = await open({ remember: 10_000, now: () => time })
    const token = await make({ claims: { exp: now() + 10 } })
    time += 65_000
    expect(await verify(token)).toMatchObject({ name: 'alice' })
    time += 10_000
    await expect(verify(token)).rejects.toMatchObject({
      reason: expect.stringMatching(/^it expired at/),
    })
  })
})

it('the keys of one issuer are worth nothing for another', async () => {
  const folder = await cleanup.folder()
  const authorities = await Promise.all(
    [root, stranger].map(async (certified, at) => {
      const path = join(folder, `${at}.pem`)
      await writeFile(path, certified.pem)
      const trust = await openTrust({ rootcertbundle: path, report: () => {} })
      return { issuer: `issuer ${at}`, service, algorithms: asymmetric, trust }
    }),
  )
  const verify = createVerifier({ authorities })
  const of = (iss: string, key: KeyObject) => make({ claims: { iss }, key, header: noKid })
  expect(await verify(await of('issuer 0', root.privateKey))).toMatchObject({ name: 'alice' })
  expect(await verify(await of('issuer 1', stranger.privateKey))).toMatchObject({ name: 'alice' })
  await expect(verify(await of('issuer 1', root.privateKey))).rejects.toThrow(TokenRefused)
  await expect(verify(await of('issuer 0', stranger.privateKey))).rejects.toThrow(TokenRefused)
})

const nonce = () => ({ jti: randomUUID() })

async function bundleOf(pem: string) {
  const rootcertbundle = join(await cleanup.folder(), 'bundle.pem')
  await writeFile(rootcertbundle, pem)
  return { rootcertbundle }
}
