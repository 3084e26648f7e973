import { createServer } from 'node:tls'
import { afterAll, afterEach, describe, expect, it } from '@jest/globals'
import {
  type Certificates,
  openCertificates,
} from '../../../../gateway/listen/certificates/files.ts'
import { createLines } from '../log.ts'
import { createWorkshop } from '../openssl.ts'

const shop = createWorkshop()
afterAll(shop.remove)
const ca = shop.make({
  name: 'ca',
  names: '',
  extensions: ['basicConstraints=critical,CA:TRUE', 'keyUsage=keyCertSign'],
})
const good = shop.make({ name: 'good', issuer: ca })
const other = shop.make({ name: 'other', issuer: ca })
const rsa = shop.make({ name: 'rsa', newkey: ['rsa:2048'] })
const weak = shop.make({ name: 'weak', newkey: ['rsa:1024'] })
const { path, write } = shop

shop.openssl('x509', '-in', good.certificate, '-outform', 'der', '-out', path('good.der'))
shop.openssl('pkey', '-in', good.key, '-aes128', '-passout', 'pass:x', '-out', path('locked.key'))
shop.openssl(
  'rsa',
  '-in',
  rsa.key,
  '-traditional',
  '-aes128',
  '-passout',
  'pass:x',
  '-out',
  path('locked-rsa.key'),
)
const half = good.pem.slice(0, 300)
const damaged = good.pem.replace(/\n[^\n]{20}/, '\nAAAAAAAAAAAAAAAAAAAA')

const open: Certificates[] = []
afterEach(() => {
  for (const it of open.splice(0)) it.close()
})

async function openWith(files: { certificate: string; key: string; clientcas?: string[] }) {
  const { lines, log, next } = createLines()
  const certificates = await openCertificates({ ...files, log, interval: 5 })
  open.push(certificates)
  return { certificates, lines, next }
}

describe('certificate files', () => {
  it.each([
    ['of a chain', write('chain.crt', good.pem + ca.pem), good.key],
    ['of an RSA certificate', rsa.certificate, rsa.key],
    [
      'that are one file',
      ...(Array(2).fill(write('one.pem', good.keyPem + good.pem)) as [string, string]),
    ],
    ['with Windows line ends', write('crlf.crt', good.pem.replaceAll('\n', '\r\n')), good.key],
    ['with text around', write('text.crt', `Subject: CN=a\n${good.pem}`), good.key],
  ])('are read: those %s', async (_what, certificate, key) => {
    const { certificates, lines } = await openWith({ certificate, key })
    expect(() => createServer(certificates.context())).not.toThrow()
    expect(lines).toEqual([])
  })

  it.each([
    [
      'a certificate that is not there',
      '/nowhere',
      good.key,
      /http.tls.certificate: \/nowhere does not exist/,
    ],
    ['a folder', shop.folder, good.key, /is a folder, not a file/],
    [
      'an empty file',
      write('empty', '\n'),
      good.key,
      /empty is empty; it should hold a certificate/,
    ],
    ['text', write('text', 'hello'), good.key, /is not PEM; it should hold a certificate between/],
    ['DER', path('good.der'), good.key, /is binary \(DER or PKCS #12\), not PEM/],
    ['half a file', write('half', half), good.key, /breaks off in the middle/],
    [
      'a file that ends in the chain',
      write('h2', good.pem + half),
      good.key,
      /breaks off in the middle/,
    ],
    ['a damaged one', write('damaged', damaged), good.key, /is damaged: its certificate number 1/],
    ['a damaged chain', write('d2', good.pem + damaged), good.key, /its certificate number 2/],
    [
      'a key',
      good.key,
      good.key,
      /holds no certificate, only "PRIVATE KEY"; are certificate and key the wrong/,
    ],
    [
      'a chain in the wrong order',
      write('order', ca.pem + good.pem),
      good.key,
      /the certificate of the key has to come first, and is number 2/,
    ],
    ['no key', good.certificate, '/nowhere', /http.tls.key: \/nowhere does not exist/],
    [
      'a key that is a certificate',
      good.certificate,
      good.certificate,
      /http.tls.key: .* holds no private key, only "CERTIFICATE"; are/,
    ],
    [
      'a key that does not fit',
      good.certificate,
      other.key,
      /http.tls.key: .*other.key is not the key of the certificate in .*good.crt \(CN=good\)/,
    ],
    [
      'an encrypted key',
      good.certificate,
      path('locked.key'),
      /is encrypted, .*: openssl pkey -in .*locked.key -out/,
    ],
    ['an encrypted key of the old kind', rsa.certificate, path('locked-rsa.key'), /is encrypted/],
    [
      'a damaged key',
      good.certificate,
      write('dk', good.keyPem.replace(/\n.{30}/, '\nAAAA')),
      /its private key cannot be parsed/,
    ],
    [
      'a weak key',
      weak.certificate,
      weak.key,
      /http.tls.key: .* is too weak: RSA with 1024 bits, and it takes 2048/,
    ],
  ])('are refused: %s', async (_what, certificate, key, message) => {
    await expect(openWith({ certificate, key })).rejects.toThrow(message)
  })

  it.each([
    ['not there', '/nowhere', 'http.tls.clientcas: /nowhere does not exist'],
    ['a key', good.key, 'http.tls.clientcas: .* holds no certificate'],
    ['empty', write('no-cas', ''), 'http.tls.clientcas: .* is empty'],
  ])('are refused: an authority that is %s', async (_what, authority, message) => {
    const files = {
      certificate: good.certificate,
      key: good.key,
      clientcas: [ca.certificate, authority],
    }
    await expect(openWith(files)).rejects.toThrow(new RegExp(message))
  })

  it.each([
    [
      'one that is expired',
      { name: 'old', until: '20210203000000Z' },
      'expired on 2021-02-03: CN=old',
    ],
    [
      'one that is early',
      { name: 'early', from: '20980203000000Z' },
      'is not valid before 2098-02-03: CN=early',
    ],
    ['one without names', { name: 'bare', names: '' }, 'names no host in its subjectAltName'],
  ])('are warned of: %s', async (_what, wanted, message) => {
    const { lines } = await openWith(shop.make(wanted))
    expect(lines).toEqual([expect.stringMatching(`^warn: http.tls.certificate: .*${message}`)])
  })

  it('are warned of: a chain with a gap', async () => {
    const { lines } = await openWith({
      certificate: write('gap', good.pem + other.pem),
      key: good.key,
    })
    expect(lines).toEqual([
      expect.stringContaining('is not a chain: number 2 did not issue number 1'),
    ])
  })
})
