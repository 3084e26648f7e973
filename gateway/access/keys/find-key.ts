/**
 * Finds the key that a token says it was signed with, among those that are trusted and never outside
 * of them: by `x5c`, else by `jwk`, else by `kid`, else the only one that fits.
 */
import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import { quote, TokenRefused } from '../verify/refused.ts'
import { fits } from './algorithms.ts'
import { verifyChain } from './chain.ts'
import { thumbprintOf } from './key-ids.ts'
import type { Trust, TrustSource } from './trust.ts'

type Header = { alg?: unknown; kid?: unknown; jwk?: unknown; x5c?: unknown }

/** Throws `TokenRefused` unless exactly one trusted key is meant and it fits the algorithm. */
export async function findKey(header: Header, source: TrustSource): Promise<KeyObject> {
  const algorithm = String(header.alg)
  const trust = await source.load()
  if (header.x5c !== undefined) {
    const { publicKey } = verifyChain(header.x5c, trust.roots)
    if (fits(publicKey, algorithm)) return publicKey
    throw new TokenRefused(`the key of its x5c is not one for ${quote(algorithm)}`)
  }

  const id = header.jwk === undefined ? header.kid : idOfJwk(header.jwk)
  if (id === undefined) return onlyKey(trust, algorithm)
  if (typeof id !== 'string') throw new TokenRefused('its kid is not a text')

  const known = trust.byId.has(id) ? trust : await source.reload()
  return keyNamed(known, id, algorithm)
}

function keyNamed(trust: Trust, id: string, algorithm: string): KeyObject {
  const named = trust.byId.get(id)
  if (!named) throw new TokenRefused(`its kid ${quote(id)} is none of ${knownIds(trust)}`)
  const [key, another] = fitting(named, algorithm)
  if (key && !another) return key
  throw new TokenRefused(
    `its kid ${quote(id)} means ${key ? 'several keys' : `no key for ${quote(algorithm)}`}`,
  )
}

function onlyKey(trust: Trust, algorithm: string): KeyObject {
  const [key, another] = fitting(trust.keys, algorithm)
  if (key && !another) return key
  const count = key ? 'several keys' : 'no key'
  throw new TokenRefused(`it names no key, and ${count} of the trusted fit ${quote(algorithm)}`)
}

function fitting(keys: Trust['keys'], algorithm: string): KeyObject[] {
  return keys
    .filter((it) => it.algorithm === undefined || it.algorithm === algorithm)
    .filter((it) => fits(it.key, algorithm))
    .map((it) => it.key)
}

/** The name of the key in the header; the key itself is worth nothing, as anyone can write it. */
function idOfJwk(jwk: unknown): unknown {
  const given = Object(jwk) as webcrypto.JsonWebKey & { kid?: unknown }
  if (given.kid !== undefined) return given.kid
  try {
    return thumbprintOf(createPublicKey({ key: given, format: 'jwk' }))
  } catch (cause) {
    throw new TokenRefused('its jwk is not a public key', { cause })
  }
}

function knownIds({ byId }: Trust): string {
  return [...byId.keys()].slice(0, 10).join(', ') || 'the trusted keys: there are none'
}
