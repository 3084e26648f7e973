/**
 * Digests as the image specification writes them: `<algorithm>:<hex>`. The registry keeps content
 * under sha256, its canonical algorithm, and knows it under sha512 as well when a client asks for it.
 */
import { createHash } from 'node:crypto'
import { RegistryError } from './errors.ts'

declare const checked: unique symbol

/** `<algorithm>:<hex>`, known to be well formed and of an algorithm this registry computes. */
export type Digest = string & { readonly [checked]: 'digest' }

export const algorithms = ['sha256', 'sha512'] as const
export type Algorithm = (typeof algorithms)[number]

/** Content lies in storage under this one, as in every volume that registry:2 and :3 wrote. */
export const canonical: Algorithm = 'sha256'

const wellFormed = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

export function isDigest(text: string): text is Digest {
  return wellFormed.test(text)
}

/** Throws `badDigest` unless `text` is a digest the registry can compute. */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text
  const allowed = 'sha256:<64 hex digits> or sha512:<128 hex digits>, in lower case'
  throw new RegistryError('badDigest', { detail: { found: text.slice(0, 200), allowed } })
}

/** Throws `badDigest` unless `text` names an algorithm the registry computes. */
export function parseAlgorithm(text: string): Algorithm {
  const found = algorithms.find((name) => name === text)
  if (found) return found
  throw new RegistryError('badDigest', {
    detail: { found: text.slice(0, 200), allowed: algorithms },
  })
}

export function algorithmOf(digest: Digest): Algorithm {
  return digest.slice(0, digest.indexOf(':')) as Algorithm
}

export function hexOf(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}

export function digestOf(algorithm: Algorithm, bytes: Uint8Array): Digest {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}` as Digest
}
