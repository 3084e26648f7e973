/** A push that takes longer than its token lives ends well, whoever gave the token out. */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { calculateJwkThumbprint, decodeJwt, SignJWT } from 'jose'
import { addUser, removeUser } from '../../assembly/accounts/accounts.ts'
import { createWorkshop } from '../gateway/listen/openssl.ts'
import { sha256 } from '../protocol/support/content.ts'
import { useCleanup } from '../support/cleanup.ts'
import { next, send } from '../support/http.ts'
import { startKura } from '../support/kura.ts'
import { until } from '../support/processes.ts'
import { describeWith } from '../support/programs.ts'

const [service, issuer] = ['registry.example', 'the issuer']
const leewaySeconds = 60

describeWith(['linux'], 'a push', () => {
  const cleanup = useCleanup()
  const shop = createWorkshop()
  afterAll(() => shop.remove())
  /** Each has files of its own. */
  let issuers = 0

  type Signer = { key: KeyObject; header: object }
  type Started = {
    env: Record<string, string>
    signer: () => Promise<Signer>
    /** Claims of a token beside the usual. */
    claims?: (url: string) => Promise<object>
    /** Ends what the token was given out for. */
    end?: () => Promise<void>
  }

  async function foreign(): Promise<Started> {
    issuers += 1
    const made = shop.make({ name: `theirs${issuers}` })
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
      async claims(url) {
        const authorization = `Basic ${Buffer.from('ann:secret of ann').toString('base64')}`
        const answer = await send('GET', `${url}/v2/token`, { headers: { authorization } })
        const { kura_credential } = decodeJwt(JSON.parse(answer.body.toString()).token)
        return { kura_credential }
      },
      end: () => removeUser({ file, name: 'ann', write: () => {} }),
    }
  }

  type Row = [whose: string, start: () => Promise<Started>, grace: string, status: number]
  const rows: Row[] = [
    ['another issuer', foreign, '1h', 201],
    ['another issuer', foreign, '0', 401],
    ['kura itself', own, '1h', 201],
    ['kura itself', own, '0', 401],
  ]
  /** An upload, begun with a token that ran out since. */
  async function begun({ env, signer, claims }: Started, grace: string) {
    const kura = await startKura({ env: { ...env, REGISTRY_KURA_TOKENS_GRACE: grace } })
    cleanup.add(kura.stop)
    const { key, header } = await signer()
    const more = await claims?.(kura.url)
    const access = [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }]
    const sign = (seconds: number) =>
      new SignJWT({ access, ...more })
        .setProtectedHeader({ alg: 'ES256', ...header })
        .setIssuer(issuer)
        .setAudience(service)
        .setSubject('ann')
        .setExpirationTime(Math.floor(Date.now() / 1000) - leewaySeconds + seconds)
        .sign(key)
    const begin = async (seconds: number) => {
      const headers = { authorization: `Bearer ${await sign(seconds)}` }
      const target = `${kura.url}/v2/team/app/blobs/uploads/`
      return { headers, upload: await send('POST', target, { headers }) }
    }
    // A busy machine may take so long that a token runs out before the upload has begun.
    const once = await begin(3)
    const { headers, upload } = once.upload.status === 202 ? once : await begin(20)
    expect(upload.status).toBe(202)
    await until(async () => (await send('GET', `${kura.url}/v2/`, { headers })).status !== 200)
    return { url: kura.url, headers, upload }
  }

  type Begun = Awaited<ReturnType<typeof begun>>
  /** Each waits for its token to run out, and so they do all at once. */
  const waiting = new Map<Row, Promise<Begun>>()
  beforeAll(() => {
    for (const row of rows) {
      const [, start, grace] = row
      const upload = start().then((started) => begun(started, grace))
      upload.catch(() => {})
      waiting.set(row, upload)
    }
  })

  it.each(rows.map((row) => [row[0], row] as const))('with a token of %s', async (_whose, row) => {
    const [, , , status] = row
    const { url, headers, upload } = (await waiting.get(row)) as Begun
    const to = next(upload, url, `digest=${sha256('bytes')}`)
    const ended = await send('PUT', to, { headers, body: 'bytes' })
    expect(ended.status).toBe(status)
    if (status === 401) {
      expect(ended.headers['www-authenticate']).toMatch(/,error="invalid_token"$|^Basic /)
    }
    const manifest = `${url}/v2/team/app/manifests/v1`
    expect((await send('PUT', manifest, { headers, body: '{}' })).status).toBe(401)
  })

  it('ends all the same when its user is removed', async () => {
    const started = await own()
    const { url, headers, upload } = await begun(started, '1h')
    const path = next(upload, url)
    expect((await send('GET', path, { headers })).status).toBe(204)
    await started.end?.()
    await until(async () => (await send('GET', path, { headers })).status !== 204)
    const steps = [
      ['GET', path],
      ['PATCH', path],
      ['PUT', next(upload, url, `digest=${sha256('bytes')}`)],
      ['DELETE', path],
    ] as const
    for (const [method, to] of steps) {
      const body = method.startsWith('P') ? 'bytes' : ''
      expect([method, (await send(method, to, { headers, body })).status]).toEqual([method, 401])
    }
  })
})
