/**
 * Descriptions of manifests, which spare parsing them again: type, size, and the artifact type and
 * annotations of a referrer. These are facts about a digest, so they can be remembered for good; that
 * the manifest is there is not such a fact, and is asked of storage each time.
 */
import { LRUCache } from 'lru-cache'
import { type Digest, digestOf } from '../../protocol/digest.ts'
import { type Manifest, readStoredManifest } from '../../protocol/manifest.ts'

export type Description = Pick<Manifest, 'mediaType' | 'subject'> & {
  size: number
  /** Its artifact type and annotations; undefined where they are too long to be remembered. */
  said: Said | undefined
  /** How long that is, or would be. */
  length: number
}

/** As in a descriptor: the type, and the annotations as JSON. */
export type Said = { artifactType: string | undefined; annotations: string | undefined }

export type Descriptions = ReturnType<typeof createDescriptions>

const mostBytes = 8 * 1024 * 1024
const overhead = 400

/** Nobody writes longer annotations, or else a few manifests would take the room of all others. */
export const longest = 32 * 1024

export function createDescriptions() {
  const known = new LRUCache<Digest, Description>({
    maxSize: mostBytes,
    sizeCalculation: (it) => overhead + 2 * (it.mediaType.length + (it.said ? it.length : 0)),
  })
  return { of, remember, known: (digest: Digest) => known.get(digest) }

  /** Undefined when the bytes are not what `digest` names: a crash of some earlier registry cut them. */
  function of(digest: Digest, bytes: Uint8Array): Description | undefined {
    if (digestOf('sha256', bytes) !== digest) return undefined
    const found = known.get(digest)
    if (found) return found
    const manifest = readStoredManifest(bytes)
    return manifest && remember(digest, manifest, bytes.length)
  }

  function remember(digest: Digest, manifest: Manifest, size: number): Description {
    const { mediaType, subject } = manifest
    const said = saidBy(manifest)
    const length = (said.artifactType?.length ?? 0) + (said.annotations?.length ?? 0)
    const short = length <= longest ? said : undefined
    const description = { mediaType, subject, size, said: short, length }
    known.set(digest, description)
    return description
  }
}

export function saidBy({ artifactType, annotations }: Manifest): Said {
  return { artifactType, annotations: annotations && JSON.stringify(annotations) }
}
