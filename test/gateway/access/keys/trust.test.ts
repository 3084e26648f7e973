import { generateKeyPairSync } from 'node:crypto'
import { rename, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { openSigningKeys } from '../../../../gateway/access/keys/folder-keys.ts'
import { openTrust, type TrustOptions } from '../../../../gateway/access/keys/trust.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { createCertificate } from './certificates.ts'

const cleanup = useCleanup()

const jwkOf = (kid: string, extra: object = {}) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kid,
  ...extra,
})
const setOf = (...keys: object[]) => JSON.stringify({ keys })

async function open(options: Partial<TrustOptions>) {
  const reports: string[] = []
  const report = (error: unknown) => reports.push(String(error))
  const trust = await openTrust({ checkMs: 0, report, ...options })
  const knows = async (id: string) => (await trust.load()).byId.has(id)
  return { trust, reports, knows }
}

async function fileWith(text: string) {
  const path = join(await cleanup.folder(), 'keys')
  await writeFile(path, text)
  return path
}

/** A server of key sets that says how often it was asked. */
async function serve(answer: () => { status: number; text: string } | 'nothing') {
  let asked = 0
  const server = createServer((request, response) => {
    asked += 1
    const elsewhere = { status: 200, text: setOf(jwkOf('elsewhere')) }
    const it = request.url === '/elsewhere' ? elsewhere : answer()
    if (it === 'nothing') return
    const headers = it.status === 302 ? { Location: it.text } : {}
    response.writeHead(it.status, headers).end(it.text)
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  cleanup.add(async () => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`
  return { url, asked: () => asked }
}

describe('a file with a key set', () => {
  it('gives each key under its own kid and its other names', async () => {
    const { trust } = await open({ jwks: await fileWith(setOf(jwkOf('mine'), jwkOf('yours'))) })
    const { byId, keys } = await trust.load()
    expect(keys).toHaveLength(2)
    expect(byId.get('mine')).toEqual([keys[0]])
    expect(byId.size).toBe(6)
  })

  it('leaves out what cannot check tokens, and says so', async () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey
    const text = setOf(
      jwkOf('good'),
      jwkOf('encrypts', { use: 'enc' }),
      { kty: 'oct', k: 'c2VjcmV0', kid: 'secret' },
      { ...small.export({ format: 'jwk' }), kid: 'short' },
      jwkOf('symmetric', { alg: 'HS256' }),
    )
    const { trust, reports } = await open({ jwks: await fileWith(text) })
    expect((await trust.load()).keys).toHaveLength(1)
    expect(new Set(reports).size).toBe(4)
  })

  it('takes the public half of a private key', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const text = setOf({ ...privateKey.export({ format: 'jwk' }), kid: 'private' })
    const { trust } = await open({ jwks: await fileWith(text) })
    expect((await trust.load()).keys[0]?.key.type).toBe('public')
  })

  it.each(['', '[]', '{"keys":[]}', setOf({ kty: 'oct', k: 'AA' })])(
    'must hold a key: %s',
    async (text) => {
      await expect(open({ jwks: await fileWith(text) })).rejects.toThrow()
    },
  )

  it('is read again when it changes, and the last good one stands when it breaks', async () => {
    const path = await fileWith(setOf(jwkOf('first')))
    const { knows, reports } = await open({ jwks: path })
    await writeFile(path, setOf(jwkOf('other')))
    expect([await knows('first'), await knows('other')]).toEqual([false, true])
    await writeFile(path, 'half of a f')
    expect([await knows('other'), await knows('other')]).toEqual([true, true])
    expect(reports).toHaveLength(1)
    await writeFile(`${path}.new`, setOf(jwkOf('third')))
    await rename(`${path}.new`, path)
    expect(await knows('third')).toBe(true)
  })

  it('is not read where it is larger than any, and named', async () => {
    const large = setOf(jwkOf('mine')) + ' '.repeat(1024 * 1024)
    const path = await fileWith(large)
    await expect(open({ jwks: path })).rejects.toThrow(`${path}: this has more than 1048576 bytes`)
    await expect(open({ rootcertbundle: path })).rejects.toThrow('has more than 1048576 bytes')
  })
})

describe('a bundle of certificates', () => {
  it('is read again when it changes', async () => {
    const [one, two] = await Promise.all(
      ['a', 'b'].map((name) => createCertificate({ name, ca: true })),
    )
    const path = await fileWith(`a comment\n${one?.pem}\n`)
    const { trust } = await open({ rootcertbundle: path })
    expect((await trust.load()).roots).toHaveLength(1)
    await writeFile(path, `${one?.pem}\n${two?.pem}\n`)
    const { roots, keys } = await trust.load()
    expect([roots.length, keys.length]).toEqual([2, 2])
  })

  it.each(['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'])(
    'must hold one: %p',
    async (text) => {
      await expect(open({ rootcertbundle: await fileWith(text) })).rejects.toThrow()
    },
  )

  it('must be there', async () => {
    await expect(open({ rootcertbundle: '/nowhere/bundle.pem' })).rejects.toThrow('ENOENT')
  })
})

describe('a key set behind a URL', () => {
  const rules = { maxAgeMs: 60_000, cooldownMs: 60_000, timeoutMs: 300 }

  it('is fetched once and kept', async () => {
    const { url, asked } = await serve(() => ({ status: 200, text: setOf(jwkOf('a')) }))
    const { knows } = await open({ jwksUrl: { url, ...rules } })
    expect([await knows('a'), await knows('a'), asked()]).toEqual([true, true, 1])
  })

  it('is fetched again for an unknown key, but not as often as strangers like', async () => {
    let keys = setOf(jwkOf('a'))
    const { url, asked } = await serve(() => ({ status: 200, text: keys }))
    const { trust, knows } = await open({ jwksUrl: { url, ...rules, cooldownMs: 0 } })
    keys = setOf(jwkOf('a'), jwkOf('b'))
    await trust.reload()
    expect(await knows('b')).toBe(true)

    const slow = await open({ jwksUrl: { url, ...rules } })
    const before = asked()
    for (let times = 0; times < 10; times++) await slow.trust.reload()
    expect(asked()).toBe(before)
  })

  it.each<[string, { status: number; text: string } | 'nothing']>([
    ['fails', { status: 500, text: '' }],
    ['is no key set', { status: 200, text: '<html>' }],
    ['is too long', { status: 200, text: ' '.repeat(2_000_000) }],
    ['leads elsewhere', { status: 302, text: '/elsewhere' }],
    ['does not come', 'nothing'],
  ])('stands when the next answer %s', async (_what, answer) => {
    let now: typeof answer = { status: 200, text: setOf(jwkOf('a')) }
    const { url } = await serve(() => now)
    const { trust, knows, reports } = await open({ jwksUrl: { url, ...rules, cooldownMs: 0 } })
    now = answer
    await trust.reload()
    expect(await knows('a')).toBe(true)
    expect(reports).toEqual([`Error: the keys at ${url} could not be read`])
  })

  it('does not keep kura from starting while it cannot be reached', async () => {
    let status = 503
    const { url } = await serve(() => ({ status, text: setOf(jwkOf('a')) }))
    const { trust, knows } = await open({ jwksUrl: { url, ...rules, cooldownMs: 0 } })
    expect((await trust.load()).keys).toEqual([])
    status = 200
    expect(await knows('a')).toBe(true)
  })

  it.each(['http://issuer.example/jwks', 'file:///etc/passwd', 'http://localhost.evil.example/'])(
    'is not taken from %s',
    async (url) => {
      await expect(open({ jwksUrl: { url } })).rejects.toThrow('only fetched over https')
    },
  )
})

describe('the keys of the issuer inside', () => {
  it('follow its rotations', async () => {
    const folder = await cleanup.folder()
    const own = await openSigningKeys({ folder, overlapSeconds: 60, checkMs: 0, report: () => {} })
    const { knows } = await open({ own })
    const before = (await own.signing()).kid
    await own.rotateAfter(0)
    const after = (await own.signing()).kid
    expect([await knows(before), await knows(after)]).toEqual([true, true])
  })
})

it('nothing to trust is an error', async () => {
  await expect(open({})).rejects.toThrow('there is no key to trust')
})
