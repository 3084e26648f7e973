import { createHash, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, expect, it } from '@jest/globals'
import { calculateJwkThumbprint, type JWK } from 'jose'
import {
  idsOfCertificate,
  idsOfKey,
  thumbprintOf,
} from '../../../../gateway/access/keys/key-ids.ts'
import { createCertificate } from './certificates.ts'

/** A coordinate of this key begins with a zero byte; its names were computed by another program. */
const key = createPublicKey(`-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAF1Jo6vTKjxuSNNI7gvYs+1WQ6/L
tILhC7LLj5BtES5l8QCYLjYrahhDwUZxJ2+n4UOz0i33r7GTEbKqaCjcWg==
-----END PUBLIC KEY-----`)

describe('the names of a key', () => {
  it('are its thumbprint, that without leading zeros, and its fingerprint', () => {
    expect(idsOfKey(key)).toEqual([
      'pyV2QGFZ7Fi49FE7xYn2uepbVoWlx83OeWNf-wM_e5c',
      'AWSoM6U9tAlO3MiBs0zkfEB1ho44DqVlOfg80CNEwEQ',
      'B7GO:JEAQ:KPAD:3PI6:JIM2:QF42:MT4T:ZBFF:DGRT:KQCB:KWPC:IGOB',
    ])
  })

  it.each([
    ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey],
    ['EC', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey],
    ['OKP', generateKeyPairSync('ed25519').publicKey],
  ])('of the kind %s begin with the thumbprint', async (_kind, publicKey) => {
    const expected = await calculateJwkThumbprint(publicKey.export({ format: 'jwk' }) as JWK)
    expect(thumbprintOf(publicKey)).toBe(expected)
  })

  it('of a certificate are also the hashes of that', async () => {
    const certificate = new X509Certificate((await createCertificate({ name: 'a' })).pem)
    const ids = idsOfCertificate(certificate)
    const sha1 = createHash('sha1').update(certificate.raw).digest('hex')
    expect(ids).toEqual(expect.arrayContaining(idsOfKey(certificate.publicKey)))
    expect(ids).toContain(sha1)
    expect(ids).toContain(certificate.fingerprint256.replaceAll(':', '').toLowerCase())
  })
})
