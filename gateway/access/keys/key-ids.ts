/**
 * The names that a public key goes by in the `kid` of a token. Issuers differ, and so did versions of
 * distribution, so a key is known under each of them.
 */
import { createHash, type KeyObject, type webcrypto, type X509Certificate } from 'node:crypto'

type JsonWebKey = webcrypto.JsonWebKey

/** The members of a key that RFC 7638 hashes, in its order. */
const required: Record<string, (keyof JsonWebKey)[]> = {
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
  RSA: ['e', 'kty', 'n'],
}

/** The thumbprint of RFC 7638 with SHA-256. Throws for a kind of key that has none. */
export function thumbprintOf(key: KeyObject): string {
  return thumbprint(key.export({ format: 'jwk' }))
}

function thumbprint(jwk: JsonWebKey): string {
  const members = required[jwk.kty ?? '']
  if (!members) throw new Error('this kind of key cannot sign tokens')
  const text = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])))
  return createHash('sha256').update(text).digest('base64url')
}

/** Every name of a public key. */
export function idsOfKey(key: KeyObject): string[] {
  const jwk = key.export({ format: 'jwk' })
  return [...new Set([thumbprint(jwk), thumbprint(stripped(jwk)), libtrustId(key)])]
}

/** Every name of the key of a certificate, hashes of the certificate among them. */
export function idsOfCertificate({ raw, publicKey }: X509Certificate): string[] {
  const hashes = ['sha1', 'sha256'].map((name) => createHash(name).update(raw).digest('hex'))
  return [...idsOfKey(publicKey), ...hashes]
}

/** Some issuers drop the zero bytes that a coordinate begins with before they hash. */
function stripped(jwk: JsonWebKey): JsonWebKey {
  if (jwk.kty !== 'EC') return jwk
  const strip = (text = '') => {
    const bytes = Buffer.from(text, 'base64url')
    return bytes.subarray(bytes.findIndex((byte) => byte !== 0)).toString('base64url')
  }
  return { ...jwk, x: strip(jwk.x), y: strip(jwk.y) }
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** The fingerprint of libtrust: 240 bits of SHA-256 in base32, in groups of four. */
function libtrustId(key: KeyObject): string {
  const der = key.export({ format: 'der', type: 'spki' })
  const bits = [...createHash('sha256').update(der).digest().subarray(0, 30)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  const letters = bits.replace(/.{5}/g, (five) => base32[Number.parseInt(five, 2)] ?? '')
  return letters.replace(/.{4}(?=.)/g, '$&:')
}
