/**
 * Hashing what arrives, while it is in the processor's cache. A running hash cannot leave its process,
 * so it is kept for the next chunk of the same upload here; elsewhere the bytes are read again.
 */
import { createHash, type Hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { type Algorithm, canonical, type Digest } from '../protocol/digest.ts'
import type { Bytes } from '../storage/driver.ts'

export type RunningHash = {
  /** How many bytes it has seen. */
  size: number
  readonly hashes: Map<Algorithm, Hash>
}

const mostUploads = 1000
const forgetAfter = 60 * 60 * 1000

export function createRunningHashes() {
  const kept = new LRUCache<string, RunningHash>({ max: mostUploads, ttl: forgetAfter })

  return {
    /** The hash that has seen exactly the first `size` bytes of the upload; undefined if it is not here. */
    take(id: string, size: number, algorithm: Algorithm): RunningHash | undefined {
      if (size === 0) return newHash([canonical, algorithm])
      const found = kept.get(id)
      return found?.size === size && found.hashes.has(algorithm) ? found : undefined
    },
    keep: (id: string, hash: RunningHash) => kept.set(id, hash),
    drop: (id: string) => kept.delete(id),
  }
}

export function newHash(algorithms: Algorithm[]): RunningHash {
  return { size: 0, hashes: new Map(algorithms.map((name) => [name, createHash(name)])) }
}

/** Passes `source` through untouched and shows each chunk to `hash`. */
export async function* hashing(hash: RunningHash, source: Bytes): Bytes {
  const hashes = [...hash.hashes.values()]
  for await (const chunk of source) {
    for (const each of hashes) each.update(chunk)
    hash.size += chunk.length
    yield chunk
  }
}

/** The digests of all it has seen; it can go on afterwards. */
export function digestsOf({ hashes }: RunningHash): Digest[] {
  return [...hashes].map(([name, hash]) => `${name}:${hash.copy().digest('hex')}` as Digest)
}
