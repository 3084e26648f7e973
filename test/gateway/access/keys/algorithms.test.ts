import { createSecretKey, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { allowedAlgorithms, asymmetric, fits } from '../../../../gateway/access/keys/algorithms.ts'

const keys = {
  'RSA of 2048 bits': generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
  'RSA of 1024 bits': generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey,
  'P-256': generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
  'P-384': generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey,
  'P-521': generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey,
  Ed25519: generateKeyPairSync('ed25519').publicKey,
  'a private key': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'a secret': createSecretKey(Buffer.alloc(64)),
}

describe('an algorithm', () => {
  it.each<[keyof typeof keys, string[]]>([
    ['RSA of 2048 bits', ['PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512']],
    ['RSA of 1024 bits', []],
    ['P-256', ['ES256']],
    ['P-384', ['ES384']],
    ['P-521', ['ES512']],
    ['Ed25519', ['EdDSA', 'Ed25519']],
    ['a private key', []],
    ['a secret', []],
  ])('fits the key: %s', (name, expected) => {
    const all = [...asymmetric, 'HS256', 'none', 'constructor', '']
    expect(all.filter((algorithm) => fits(keys[name], algorithm))).toEqual(expected)
  })

  it.each([
    [undefined, asymmetric],
    [[], asymmetric],
    [['ES256'], ['ES256']],
    [['HS256', 'RS256', 'none'], ['RS256']],
  ])('is allowed: of %j %j', (names, expected) => {
    expect(allowedAlgorithms(names)).toEqual(expected)
  })

  it.each([[['HS256']], [['none']], [['es256']]])('must be left: of %j none is', (names) => {
    expect(() => allowedAlgorithms(names)).toThrow('can be used')
  })
})
