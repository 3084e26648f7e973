/**
 * What the registry knows of a manifest without parsing it again: its type, size, and what it says
 * of itself as a referrer. These are facts about a digest, so they can be remembered for good; that
 * the manifest is there is not such a fact, and is asked of storage each time.
 */
import { LRUCache } from 'lru-cache'
import { type Digest, digestOf } from '../spec/digest.ts'
import { type Manifest, readStoredManifest } from '../spec/manifest.ts'

export type Description = Pick<
  Manifest,
  'mediaType' | 'artifactType' | 'annotations' | 'subject'
> & { size: number }

export type Descriptions = ReturnType<typeof createDescriptions>

const mostBytes = 8 * 1024 * 1024
const overhead = 400

export function createDescriptions() {
  const known = new LRUCache<Digest, Description>({
    maxSize: mostBytes,
    sizeCalculation: ({ mediaType, artifactType = '', annotations = {} }) =>
      overhead + mediaType.length + artifactType.length + JSON.stringify(annotations).length,
  })
  return { of, remember }

  /** Undefined when the bytes are not what `digest` names: a crash of some earlier registry cut them. */
  function of(digest: Digest, bytes: Uint8Array): Description | undefined {
    if (digestOf('sha256', bytes) !== digest) return undefined
    const found = known.get(digest)
    if (found) return found
    const manifest = readStoredManifest(bytes)
    return manifest && remember(digest, manifest, bytes.length)
  }

  function remember(digest: Digest, manifest: Manifest, size: number): Description {
    const { mediaType, artifactType, annotations, subject } = manifest
    const description = { mediaType, artifactType, annotations, subject, size }
    known.set(digest, description)
    return description
  }
}
