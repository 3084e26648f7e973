/** A token server that someone has already goes on working: `auth.token` as in registry:2. */
import { createPrivateKey } from 'node:crypto'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { SignJWT } from 'jose'
import { createWorkshop, type Made } from '../gateway/listen/openssl.ts'
import { useCleanup } from '../support/cleanup.ts'
import { type Kura, startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'

const [service, issuer, realm] = ['registry.example', 'the issuer', 'https://auth.example/token']

describeWith(['linux'], 'a registry that trusts a token server', () => {
  const cleanup = useCleanup()
  const shop = createWorkshop()
  afterAll(() => shop.remove())
  const theirs = shop.make({ name: 'theirs' })
  const another = shop.make({ name: 'another' })
  let kura: Kura

  beforeAll(async () => {
    const token = { realm, service, issuer, rootcertbundle: theirs.certificate }
    kura = await startKura({ env: { REGISTRY_AUTH: JSON.stringify({ token }) } })
    cleanup.add(kura.stop)
  })

  type Access = { type: string; name: string; actions: string[] }

  function sign(access: Access[], by: Made = theirs, audience = service) {
    const [leaf = ''] = by.pem.match(/(?<=CERTIFICATE-----\n)[^-]+/) ?? []
    return new SignJWT({ access })
      .setProtectedHeader({ alg: 'ES256', x5c: [leaf.replaceAll('\n', '')] })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject('ann')
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(createPrivateKey(by.keyPem))
  }

  async function ask(method: string, path: string, token?: string) {
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
    const answer = await fetch(kura.url + path, { method, headers })
    return [answer.status, answer.headers.get('www-authenticate')]
  }

  const challenge = `Bearer realm="${realm}",service="${service}"`
  const uploads = '/v2/team/app/blobs/uploads/'

  it('sends a client without a token to the token server', async () => {
    expect(await ask('GET', '/v2/')).toEqual([401, challenge])
    const scope = 'scope="repository:team/app:pull,push"'
    expect(await ask('POST', uploads)).toEqual([401, `${challenge},${scope}`])
    expect((await ask('GET', '/v2/_catalog'))[0]).toBe(401)
  })

  it('lets a token do what it says, and nothing else', async () => {
    const token = await sign([{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }])
    expect((await ask('GET', '/v2/', token))[0]).toBe(200)
    expect((await ask('POST', uploads, token))[0]).toBe(202)

    const refused = ',error="insufficient_scope"'
    const elsewhere = await ask('GET', '/v2/other/tags/list', token)
    expect(elsewhere).toEqual([401, `${challenge},scope="repository:other:pull"${refused}`])
    const remove = await ask('DELETE', '/v2/team/app/manifests/v1', token)
    expect(remove).toEqual([401, `${challenge},scope="repository:team/app:delete"${refused}`])
    expect((await ask('GET', '/v2/_catalog', token))[0]).toBe(401)
  })

  it('lets a token of nothing do nothing but greet', async () => {
    const token = await sign([])
    expect((await ask('GET', '/v2/', token))[0]).toBe(200)
    expect((await ask('GET', '/v2/team/app/tags/list', token))[0]).toBe(401)
  })

  it('refuses tokens of another signer, and for another service', async () => {
    const access = [{ type: 'repository', name: 'team/app', actions: ['*'] }]
    for (const token of [await sign(access, another), await sign(access, theirs, 'elsewhere')]) {
      expect(await ask('GET', '/v2/', token)).toEqual([401, `${challenge},error="invalid_token"`])
    }
  })

  it('takes no password for a token', async () => {
    const headers = { authorization: `Basic ${Buffer.from('ann:ann').toString('base64')}` }
    expect((await fetch(`${kura.url}/v2/`, { headers })).status).toBe(401)
  })
})
