/** Which hosts a server with this certificate has over TLS, and at which port. */
import { X509Certificate } from 'node:crypto'
import { afterAll, describe, expect, it } from '@jest/globals'
import { openCertificates } from '../../../gateway/listen/certificates/files.ts'
import { createSecureHosts } from '../../../gateway/listen/secure-host.ts'
import { createLines } from './log.ts'
import { createWorkshop, type Made } from './openssl.ts'

const shop = createWorkshop()
afterAll(shop.remove)
const names = 'DNS:kura.test,DNS:*.wild.test,DNS:kura_1,IP:10.0.0.1,IP:::1'
const made = shop.make({ name: 'server', names })
const other = shop.make({ name: 'other', names: 'DNS:new.test' })
const bare = shop.make({ name: 'bare.test', names: '' })
const leafOf = ({ pem }: Made) => new X509Certificate(pem)

describe('a host', () => {
  const find = createSecureHosts({
    port: 5443,
    host: 'https://registry.example/',
    named: ['soon.test'],
    certificate: () => leafOf(made),
  })

  it.each([
    ['kura.test', 5443],
    ['KURA.test.', 5443],
    ['kura_1', 5443],
    ['a.wild.test', 5443],
    ['10.0.0.1', 5443],
    ['[::1]', 5443],
    ['[0:0::1]', 5443],
    ['soon.test', 5443],
    // Where http.host says that TLS is.
    ['registry.example', undefined],
    ['Registry.example.', undefined],
  ])('%s is its own', (name, port) => {
    expect(find(name)).toEqual({ name, port })
  })

  it.each([
    ...['evil.test', 'kura.test.evil.test', 'evilkura.test', 'test', 'a.soon.test'],
    ...['wild.test', 'a.b.wild.test', '_.wild.test.evil.test', '10.0.0.2', '[::2]', 'localhost'],
    'a.registry.example',
  ])('%s is that of somebody else', (name) => {
    expect(find(name)).toBeUndefined()
  })

  const at = (port: number, host?: string) =>
    createSecureHosts({ port, host, certificate: () => leafOf(made) })('kura.test')
  it.each([
    [443, undefined, undefined],
    [5443, 'https://kura.test', undefined],
    [443, 'https://kura.test:8443', 8443],
    [5443, 'http://kura.test:5000', 5443],
    [5443, 'https://elsewhere.test', 5443],
  ])('is reached at the port of TLS, %s, unless http.host is %s', (port, host, found) => {
    expect(at(port, host)).toEqual({ name: 'kura.test', port: found })
  })

  it('may be named by the subject, where nothing else names one', () => {
    const find = createSecureHosts({ port: 443, certificate: () => leafOf(bare) })
    expect(find('bare.test')).toEqual({ name: 'bare.test' })
    expect(find('evil.test')).toBeUndefined()
  })
})

it('a host that a new certificate names takes the place of those of the old one', async () => {
  const place = { certificate: shop.write('live.pem', made.pem + made.keyPem) }
  const { log, next } = createLines()
  const certificates = await openCertificates({
    ...place,
    key: place.certificate,
    log,
    interval: 5,
  })
  const find = createSecureHosts({ port: 443, certificate: certificates.leaf })
  expect([find('kura.test'), find('new.test')]).toEqual([{ name: 'kura.test' }, undefined])
  shop.write('live.pem', other.pem + other.keyPem)
  await next('the certificate files have changed')
  expect([find('kura.test'), find('new.test')]).toEqual([undefined, { name: 'new.test' }])
  certificates.close()
})
