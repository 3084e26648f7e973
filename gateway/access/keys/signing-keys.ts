/** The keys of the built-in issuer, from a folder or derived from a secret, and how they are published. */
import type { KeyObject, webcrypto } from 'node:crypto'

export type OwnKey = { kid: string; key: KeyObject }

export type SigningKeys = {
  /** The private key that signs now. */
  signing(): Promise<OwnKey>
  /** The public keys, the newest first. The list stays the same object while nothing changes. */
  verifying(): Promise<readonly OwnKey[]>
  /** Looks for keys that others have made, as when a token names one that is not known. */
  refresh(): Promise<void>
  /** The public keys as a JSON Web Key Set. */
  jwks(): Promise<KeySet>
}

type KeySet = { keys: webcrypto.JsonWebKey[] }

/** `keys` are public ones. */
export function keySetFrom(keys: readonly OwnKey[]): KeySet {
  const published = keys.map(({ kid, key }) => ({
    ...key.export({ format: 'jwk' }),
    kid,
    alg: 'ES256',
    use: 'sig',
  }))
  return { keys: published }
}
