/**
 * Reads a JSON Web Key Set (RFC 7517). Keys that cannot check the signature of a token are left out
 * and reported, so that one of them does not take the others with it.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { z } from 'zod'
import { asymmetric, fits } from './algorithms.ts'
import { idsOfKey } from './key-ids.ts'

/** A key that may have signed. `algorithm` is set where its publisher allows no other. */
export type TrustedKey = { ids: readonly string[]; key: KeyObject; algorithm?: string }

const mostKeys = 100

const keySet = z.object({ keys: z.array(z.unknown()).max(mostKeys) })
const jwk = z.looseObject({
  kty: z.enum(['RSA', 'EC', 'OKP']),
  kid: z.string().max(1024).optional(),
  use: z.literal('sig').optional(),
  alg: z.enum(asymmetric).optional(),
})

/** Throws when the text is no key set or when it holds no key that can be used. */
export function parseJwks(text: string, report: (error: unknown) => void): TrustedKey[] {
  const { keys } = keySet.parse(JSON.parse(text))
  const found = keys.flatMap((it, at) => {
    try {
      return [parseKey(it)]
    } catch {
      report(new Error(`key ${at + 1} of a key set cannot be used to check tokens`))
      return []
    }
  })
  if (found.length === 0) throw new Error('the key set holds no key that can check tokens')
  return found
}

function parseKey(it: unknown): TrustedKey {
  const { kid, use: _use, alg, ...rest } = jwk.parse(it)
  // Should the set hold private keys by mistake, only their public half is taken.
  const key = createPublicKey({ key: rest, format: 'jwk' })
  if (!asymmetric.some((name) => fits(key, name))) throw new Error('too short, or of another kind')
  const ids = [...(kid === undefined ? [] : [kid]), ...idsOfKey(key)]
  return { ids, key, ...(alg !== undefined && { algorithm: alg }) }
}
