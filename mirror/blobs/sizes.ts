/** The sizes of blobs, as the manifests say that this process has seen: a hint, never the only bound. */
import { LRUCache } from 'lru-cache'
import type { Digest } from '../../registry/protocol/digest.ts'
import type { Manifest } from '../../registry/protocol/manifest.ts'

const mostKept = 50_000

export type Sizes = ReturnType<typeof createSizes>

export function createSizes() {
  const kept = new LRUCache<string, { size: number | undefined }>({ max: mostKept })

  return {
    /** Undefined where no manifest of the repository was seen, or where two of them disagree. */
    find: (repository: string, digest: Digest) => kept.get(keyOf(repository, digest))?.size,

    learn(repository: string, { config, layers }: Pick<Manifest, 'config' | 'layers'>): void {
      for (const { digest, size } of config ? [config, ...layers] : layers) {
        const key = keyOf(repository, digest)
        const known = kept.get(key)
        // A manifest with a wrong size must not make the blob of a right one unreachable.
        kept.set(key, { size: known && known.size !== size ? undefined : size })
      }
    },
  }
}

const keyOf = (repository: string, digest: string) => `${repository}@${digest}`
