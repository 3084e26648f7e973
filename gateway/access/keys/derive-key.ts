/**
 * Makes a signing key of a secret: the same one on every machine that has the secret, another one for
 * each period. HKDF (RFC 5869) gives the bits, and the private number is made of them as FIPS 186-5
 * says in A.2.1, with so many more bits than it needs that no number is likelier than another.
 */
import { createECDH, createPrivateKey, hkdfSync, type KeyObject } from 'node:crypto'

/** The order of the curve P-256: its private keys are 1 to n - 1. */
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** 128 bits more than n has; the standard asks for 64. */
const seedBytes = 48

/** Machines of different versions share keys, so a changed derivation needs another number. */
const purpose = 'kura token signing key, 1'

/** A private key for ES256. */
export function deriveKey(secret: string, period: number): KeyObject {
  const seed = hkdfSync('sha256', secret, '', `${purpose}, period ${period}`, seedBytes)
  const d = scalarFrom(Buffer.from(seed))
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(d)
  // 4 for a point that is written in full, then its two coordinates.
  const point = curve.getPublicKey()
  const key = {
    kty: 'EC',
    crv: 'P-256',
    d: d.toString('base64url'),
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  return createPrivateKey({ key, format: 'jwk' })
}

/** 32 bytes, whatever the seed is: the number never is 0 and never reaches n. */
export function scalarFrom(seed: Uint8Array): Buffer {
  const number = BigInt(`0x${Buffer.from(seed).toString('hex')}`)
  const scalar = (number % (n - 1n)) + 1n
  return Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex')
}
