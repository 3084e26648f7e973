/** A push that takes longer than its token lives ends well, whoever gave the token out. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, it } from '@jest/globals'
import { calculateJwkThumbprint, SignJWT } from 'jose'
import { addUser } from '../../cli/user.ts'
import { createWorkshop } from '../gateway/listen/openssl.ts'
import { sha256 } from '../protocol/support/content.ts'
import { useCleanup } from '../support/cleanup.ts'
import { next, send } from '../support/http.ts'
import { startKura } from '../support/kura.ts'
import { describeWith } from '../support/programs.ts'

const [service, issuer] = ['registry.example', 'the issuer']
const leewaySeconds = 60

describeWith(['linux'], 'a push', () => {
  const cleanup = useCleanup()
  const shop = createWorkshop()
  afterAll(() => shop.remove())

  type Signer = { key: KeyObject; header: object }
  type Started = { env: Record<string, string>; signer: () => Promise<Signer> }

  async function foreign(): Promise<Started> {
    const made = shop.make({ name: 'theirs' })
    const token = { realm: 'https://a', service, issuer, rootcertbundle: made.certificate }
    const [leaf = ''] = made.pem.match(/(?<=CERTIFICATE-----\n)[^-]+/) ?? []
    const signer = {
      key: createPrivateKey(made.keyPem),
      header: { x5c: [leaf.replaceAll('\n', '')] },
    }
    return { env: { REGISTRY_AUTH: JSON.stringify({ token }) }, signer: async () => signer }
  }

  async function own(): Promise<Started> {
    const folder = await cleanup.folder()
    const file = join(folder, 'htpasswd')
    await addUser({ file, name: 'ann', password: 'secret of ann', write: () => {} })
    return {
      env: {
        REGISTRY_AUTH: JSON.stringify({ htpasswd: { realm: 'kura', path: file } }),
        REGISTRY_KURA_TOKENS_FOLDER: folder,
        REGISTRY_KURA_TOKENS_SERVICE: service,
        REGISTRY_KURA_TOKENS_ISSUER: issuer,
      },
      async signer() {
        const { current } = JSON.parse(
          await readFile(join(folder, 'keys/generation-1.json'), 'utf8'),
        )
        const kid = await calculateJwkThumbprint(current)
        return { key: createPrivateKey({ key: current, format: 'jwk' }), header: { kid } }
      },
    }
  }

  type Row = [whose: string, start: () => Promise<Started>, grace: string, status: number]
  const rows: Row[] = [
    ['another issuer', foreign, '1h', 201],
    ['another issuer', foreign, '0', 401],
    ['kura itself', own, '1h', 201],
    ['kura itself', own, '0', 401],
  ]
  it.each(rows)('with a token of %s', async (_whose, start, grace, status) => {
    const { env, signer } = await start()
    const kura = await startKura({ env: { ...env, REGISTRY_KURA_TOKENS_GRACE: grace } })
    cleanup.add(kura.stop)
    const { key, header } = await signer()
    const end = Math.floor(Date.now() / 1000) - leewaySeconds + 3
    const access = [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }]
    const token = await new SignJWT({ access })
      .setProtectedHeader({ alg: 'ES256', ...header })
      .setIssuer(issuer)
      .setAudience(service)
      .setSubject('ann')
      .setExpirationTime(end)
      .sign(key)
    const headers = { authorization: `Bearer ${token}` }
    const begun = await send('POST', `${kura.url}/v2/team/app/blobs/uploads/`, { headers })
    expect(begun.status).toBe(202)

    while ((await send('GET', `${kura.url}/v2/`, { headers })).status === 200);
    const to = next(begun, kura.url, `digest=${sha256('bytes')}`)
    const ended = await send('PUT', to, { headers, body: 'bytes' })
    expect(ended.status).toBe(status)
    if (status === 401) {
      expect(ended.headers['www-authenticate']).toMatch(/,error="invalid_token"$|^Basic /)
    }
    const manifest = `${kura.url}/v2/team/app/manifests/v1`
    expect((await send('PUT', manifest, { headers, body: '{}' })).status).toBe(401)
  })
})
