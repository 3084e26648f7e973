import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { type Acme, openAcme } from '../../../../gateway/listen/certificates/acme.ts'
import { createFailures } from '../../../../gateway/listen/certificates/acme-failures.ts'
import { openCertificates } from '../../../../gateway/listen/certificates/files.ts'
import { createRedirect } from '../../../../gateway/listen/redirect.ts'
import { createLines } from '../log.ts'
import { createWorkshop } from '../openssl.ts'
import { startPebble } from './pebble.ts'

const shop = createWorkshop()
let acme: Acme | undefined
const redirect = createRedirect({
  secureHost: () => undefined,
  challenge: async (token) => acme?.challenge(token),
})
let pebble: Awaited<ReturnType<typeof startPebble>>
beforeAll(async () => {
  await once(redirect.listen(0, '127.0.0.1'), 'listening')
  pebble = await startPebble(shop, (redirect.address() as AddressInfo).port)
})
afterEach(() => acme?.close())
afterAll(async () => {
  await pebble?.stop()
  redirect.close()
  shop.remove()
})

const hold = <T>(_name: string, work: () => Promise<T>) => work()
const certificateIn = (path: string) => new X509Certificate(readFileSync(path))

async function open(folder: string, more: Partial<Parameters<typeof openAcme>[0]> = {}) {
  const { lines, log, next } = createLines()
  const hosts = ['registry.kura.test', 'images.kura.test']
  const { directoryUrl } = pebble
  acme = await openAcme({
    ...{ folder: shop.path(folder), hosts, directoryUrl, email: 'a@kura.test' },
    ...{ log, hold, pollMs: 50, interval: 20 },
    ...more,
  })
  return { acme, lines, next }
}

describe('a certificate from an authority', () => {
  it('takes the place of the temporary one, which serves until then', async () => {
    const { promise: allowed, resolve: allow } = Promise.withResolvers<void>()
    const waiting = <T>(_name: string, work: () => Promise<T>) => allowed.then(work)
    const { acme, next } = await open('first', { hold: waiting })
    const { log, next: seen } = createLines()
    const files = { certificate: acme.path, key: acme.path }
    const certificates = await openCertificates({ ...files, log, interval: 5 })
    expect(certificateIn(acme.path).checkHost('registry.kura.test')).toBeDefined()
    expect(certificateIn(acme.path).issuer).toContain('CN=kura')

    allow()
    await next('got a new certificate')
    await seen('the certificate files have changed')
    certificates.close()
    const found = certificateIn(acme.path)
    expect(found.issuer).toContain('Pebble')
    for (const host of ['registry.kura.test', 'images.kura.test']) {
      expect(found.checkHost(host)).toBeDefined()
    }
    expect((await stat(acme.path)).mode & 0o777).toBe(0o600)
    expect(await readdir(shop.path('first/challenges'))).toEqual([])
  })

  it('is kept for as long as it is good, and its account too', async () => {
    const first = await open('kept')
    await first.next('got a new certificate')
    await first.acme.close()
    const [before, account] = ['certificate.pem', 'account.key'].map((name) =>
      readFileSync(shop.path(`kept/${name}`), 'utf8'),
    )
    const never = () => Promise.reject(new Error('nothing is due'))
    const { acme, lines } = await open('kept', { hold: never })
    await acme.close()
    expect(readFileSync(acme.path, 'utf8')).toBe(before)
    expect(lines).toEqual([])

    const third = await open('kept', { hosts: ['other.kura.test'] })
    await third.next('got a new certificate')
    expect(certificateIn(third.acme.path).checkHost('other.kura.test')).toBeDefined()
    expect(readFileSync(shop.path('kept/account.key'), 'utf8')).toBe(account)
  })

  it('is renewed once two thirds of its life are over', async () => {
    const old = shop.make({
      name: 'old',
      names: 'DNS:registry.kura.test,DNS:images.kura.test',
      from: '20200101000000Z',
      until: '20280101000000Z',
    })
    const first = await open('renewed', { hold: () => Promise.reject(new Error('busy')) })
    await first.acme.close()
    shop.write('renewed/certificate.pem', old.pem + old.keyPem)
    const { acme, next } = await open('renewed')
    await next('got a new certificate')
    expect(certificateIn(acme.path).issuer).toContain('Pebble')
  })

  it('that does not come leaves the server as it is, and the authority alone for a while', async () => {
    const pauses = { first: 60_000, longest: 60_000 }
    const directoryUrl = `${pebble.directoryUrl}/nowhere`
    const first = await open('failing', { directoryUrl, pauses })
    const line = await first.next('no certificate for registry.kura.test, images.kura.test')
    expect(line).toMatch(/^error: .*remove .*failures\.json to try/)
    await first.acme.close()
    expect(certificateIn(first.acme.path).issuer).toContain('CN=kura')

    let asked = () => {}
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve
    })
    const second = await open('failing', {
      hold: (_name, work) => work().finally(asked),
      pauses,
    })
    await wasAsked
    await second.acme.close()
    expect(second.lines).toEqual([])

    rmSync(shop.path('failing/failures.json'))
    const third = await open('failing', { pauses })
    await third.next('got a new certificate')
  })

  it('is not waited for by who stops', async () => {
    const silent = createServer((socket) => socket.on('error', () => {}))
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const { port } = silent.address() as AddressInfo
    const { acme, lines } = await open('silent', { directoryUrl: `https://127.0.0.1:${port}/dir` })
    const [socket] = await once(silent, 'connection')
    await acme.close()
    expect(lines).toEqual([])
    socket.destroy()
    silent.close()
  })

  it.each([
    [['*.kura.test'], 'cannot be proved over HTTP'],
    [[], 'names no host'],
    [['a b'], 'is neither a host name nor an address'],
  ])('is not asked for %j', async (hosts, message) => {
    await expect(open('never', { hosts })).rejects.toThrow(message)
  })

  it('has no challenges but those that are open', async () => {
    const { acme } = await open('first')
    for (const token of ['none', '../account.key', '..', '']) {
      expect(await acme.challenge(token)).toBeUndefined()
    }
  })
})

it('each failure makes the pause longer, up to a limit', async () => {
  const failures = createFailures(shop.path('count.json'), { first: 10, longest: 35 })
  expect(await failures.nextTry()).toBe(0)
  expect([await failures.add(0), await failures.add(0), await failures.add(0)]).toEqual([
    10, 20, 35,
  ])
  expect(await failures.nextTry()).toBe(35)
  await failures.clear()
  expect(await failures.add(100)).toBe(110)
})
