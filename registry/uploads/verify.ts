/** Received bytes become a blob only if they have the digest that the client claims. */
import { type Algorithm, algorithmOf, canonical, type Digest } from '../protocol/digest.ts'
import { RegistryError } from '../protocol/errors.ts'
import type { Bytes } from '../storage/driver.ts'
import { digestsOf, hashing, newHash } from './hash.ts'
import type { Received } from './record.ts'

/**
 * Answers the canonical digest of what was received. `read` opens the bytes again, and is called only
 * where their digests are not all known. Throws `digestMismatch`.
 */
export async function verify(
  received: Received,
  digest: Digest,
  read: () => Promise<Bytes | undefined>,
): Promise<Digest> {
  const needed = [canonical, algorithmOf(digest)]
  const isKnown = (name: Algorithm) => received.digests.some((it) => algorithmOf(it) === name)
  const digests = needed.every(isKnown) ? received.digests : await digestsAgain()
  if (!digests.includes(digest)) throw mismatch(digest, digests)
  return digests.find((it) => algorithmOf(it) === canonical) ?? digest

  async function digestsAgain(): Promise<Digest[]> {
    const hash = newHash(needed)
    const bytes = received.size > 0 ? await read() : undefined
    if (bytes) for await (const _ of hashing(hash, bytes));
    return digestsOf(hash)
  }
}

export function wrongSize(expected: number, found: number): RegistryError {
  return new RegistryError('sizeMismatch', { detail: { expected, found } })
}

export function mismatch(digest: Digest, digests: Digest[]): RegistryError {
  const found = digests.find((it) => algorithmOf(it) === algorithmOf(digest))
  return new RegistryError('digestMismatch', { detail: { digest, found } })
}
