import { createSecureContext } from 'node:tls'
import { expect, it } from '@jest/globals'
import { cipherList } from '../../../gateway/listen/ciphers.ts'

const tls13 = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256'

it.each([
  [[], tls13],
  [['TLS_AES_256_GCM_SHA384'], tls13],
  [['TLS_RSA_WITH_AES_256_CBC_SHA', 'TLS_RSA_WITH_AES_256_CBC_SHA'], `${tls13}:AES256-SHA`],
])('the suites %j are %s', (configured, expected) => {
  expect(cipherList(configured)).toBe(expected)
})

it('those of TLS 1.2 without a configuration are forward secret and authenticated', () => {
  const names = cipherList().split(':').slice(3)
  expect(names).toHaveLength(6)
  for (const name of names) expect(name).toMatch(/^ECDHE-(?:ECDSA|RSA)-.*(?:GCM|POLY1305)/)
})

it.each([
  ['TLS_RSA_WITH_RC4_128_SHA', 'is broken and no longer offered'],
  ['TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA', 'is broken and no longer offered'],
  ['ECDHE-RSA-AES128-GCM-SHA256', 'is no cipher suite'],
  ['constructor', 'is no cipher suite'],
  ['ALL:!MD5', 'is no cipher suite'],
])('%s %s', (name, what) => {
  const message = `http.tls.ciphersuites: ${name} ${what}; allowed are TLS_ECDHE_ECDSA_WITH_AES_128`
  expect(() => cipherList([name])).toThrow(message)
})

it('OpenSSL knows every name that is allowed', () => {
  let message = ''
  try {
    cipherList(['nothing'])
  } catch (error) {
    message = (error as Error).message
  }
  const allowed = message.split('allowed are ')[1]?.split(', ') ?? []
  expect(allowed).toHaveLength(20)
  for (const name of allowed) {
    const ciphers = cipherList([name]).split(':')[3] ?? cipherList([])
    expect(() => createSecureContext({ ciphers })).not.toThrow()
  }
})
