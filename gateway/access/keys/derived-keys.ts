/**
 * Signing keys that each machine makes of a secret which all of them have, so that they need no folder
 * to share: one for each period of time. Each machine verifies the tokens of all others, also when a
 * clock is already, or still, in another period.
 */
import { createPublicKey } from 'node:crypto'
import { deriveKey } from './derive-key.ts'
import { thumbprintOf } from './key-ids.ts'
import { keySetFrom, type OwnKey, type SigningKeys } from './signing-keys.ts'

type Options = {
  secret: string
  /** How long each key signs; 0 for one that always does. */
  periodMs: number
  /** How long a token may live that was signed at the end of a period. */
  overlapSeconds: number
  now?: () => number
}

/** The numbers of the periods whose keys are in use. */
type Span = { newest: number; present: number; oldest: number }
type Pair = { signing: OwnKey; verifying: OwnKey }
type Ring = { span: Span; pairs: ReadonlyMap<number, Pair>; verifying: readonly OwnKey[] }

export function createDerivedKeys(options: Options): SigningKeys {
  const { secret, now = Date.now } = options
  let ring = ringOf(spanAt(now(), options), new Map())

  /** It is asked at each request, so keys are made only when the time has come for other ones. */
  function current(): Ring {
    const span = spanAt(now(), options)
    const { present, oldest } = ring.span
    if (span.present !== present || span.oldest !== oldest) ring = ringOf(span, ring.pairs)
    return ring
  }

  function ringOf(span: Span, known: Ring['pairs']): Ring {
    const periods = Array.from(
      { length: span.newest - span.oldest + 1 },
      (_, at) => span.newest - at,
    )
    const pairs = new Map(periods.map((it) => [it, known.get(it) ?? pairFor(secret, it)]))
    return { span, pairs, verifying: [...pairs.values()].map((it) => it.verifying) }
  }

  return {
    async signing() {
      const { pairs, span } = current()
      return (pairs.get(span.present) ?? pairFor(secret, span.present)).signing
    },
    verifying: async () => current().verifying,
    jwks: async () => keySetFrom(current().verifying),
    /** There are no keys but those that the secret and the time give. */
    async refresh() {},
  }
}

/**
 * From the oldest of which a token may still be good to the one that comes next, so that whoever
 * keeps our public keys for a while has it before it signs.
 */
function spanAt(time: number, { periodMs, overlapSeconds }: Options): Span {
  if (periodMs === 0) return { newest: 0, present: 0, oldest: 0 }
  const present = Math.floor(time / periodMs)
  const oldest = Math.floor((time - overlapSeconds * 1000) / periodMs)
  return { newest: present + 1, present, oldest }
}

function pairFor(secret: string, period: number): Pair {
  const key = deriveKey(secret, period)
  const kid = thumbprintOf(key)
  return { signing: { kid, key }, verifying: { kid, key: createPublicKey(key) } }
}
