/** The signature algorithms of tokens, and the one kind of key that each of them may use. */
import type { KeyObject } from 'node:crypto'

type Fit = (key: KeyObject) => boolean

/** RFC 7518 wants 2048 bits; a shorter key is refused wherever it comes from. */
const leastRsaBits = 2048

const rsa =
  (...types: string[]): Fit =>
  ({ asymmetricKeyType = '', asymmetricKeyDetails }) =>
    types.includes(asymmetricKeyType) && (asymmetricKeyDetails?.modulusLength ?? 0) >= leastRsaBits

const curve =
  (name: string): Fit =>
  ({ asymmetricKeyType, asymmetricKeyDetails }) =>
    asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === name

const edwards: Fit = ({ asymmetricKeyType }) => asymmetricKeyType === 'ed25519'

const table: Record<string, Fit> = {
  EdDSA: edwards,
  Ed25519: edwards,
  ES256: curve('prime256v1'),
  ES384: curve('secp384r1'),
  ES512: curve('secp521r1'),
  PS256: rsa('rsa', 'rsa-pss'),
  PS384: rsa('rsa', 'rsa-pss'),
  PS512: rsa('rsa', 'rsa-pss'),
  RS256: rsa('rsa'),
  RS384: rsa('rsa'),
  RS512: rsa('rsa'),
}

/** All of them. HS256 and its like are not here: each side that could check them could also sign. */
export const asymmetric: readonly string[] = Object.keys(table)

export function fits(key: KeyObject, algorithm: string): boolean {
  if (key.type !== 'public' || !Object.hasOwn(table, algorithm)) return false
  return table[algorithm]?.(key) ?? false
}

/** Those of `names` that can be used, all of them if there are none. Throws if none is left. */
export function allowedAlgorithms(names: readonly string[] = []): readonly string[] {
  if (names.length === 0) return asymmetric
  const allowed = names.filter((name) => asymmetric.includes(name))
  if (allowed.length > 0) return allowed
  throw new Error(
    `none of the algorithms ${names.join(', ')} can be used: ${asymmetric.join(', ')}`,
  )
}
