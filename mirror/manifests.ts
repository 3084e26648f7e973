/**
 * Manifests of an upstream, kept as they came. What they name is not here yet, and need not come: it is
 * fetched when a client asks for it.
 */
import type { Manifests } from '../registry/content/manifests/manifests.ts'
import { createJoined } from '../registry/pace/joined.ts'
import type { Digest } from '../registry/protocol/digest.ts'
import { RegistryError } from '../registry/protocol/errors.ts'
import { type Manifest, parseManifest, readStoredManifest } from '../registry/protocol/manifest.ts'
import type { Tag } from '../registry/protocol/name.ts'
import { UpstreamError } from '../upstream/error.ts'
import type { Sizes } from './blobs/sizes.ts'
import { questionOf, type Source } from './source.ts'

type Parts = { manifests: Manifests; sizes: Sizes; signal: AbortSignal }
type Place = { repository: string; source: Source }
type Tagged = { tag: Tag; current: Digest | undefined }
type Kept = { digest: Digest; mediaType: string; bytes: Buffer }

export type MirroredManifests = ReturnType<typeof createMirroredManifests>

export function createMirroredManifests({ manifests, sizes, signal }: Parts) {
  const joined = createJoined<boolean>()
  return { fetch, point }

  /** False where the upstream does not have it. */
  function fetch({ repository, source }: Place, digest: Digest): Promise<boolean> {
    const { upstream, remote, via } = source
    return joined(questionOf(source, `${repository}@${digest}`), async () => {
      const found = await upstream.manifests.get(remote, digest, { signal, via })
      if (found) await keep(repository, { ...found, digest }, read(found, upstream.name))
      return found !== undefined
    })
  }

  /** Lets `tag`, which names `current`, name a manifest that is here; false where it is not. */
  async function point(repository: string, { tag, current }: Tagged, digest: Digest) {
    const found = await manifests.find(repository, digest, { signal })
    const manifest = found && readStoredManifest(found.bytes)
    if (!manifest) return false
    sizes.learn(repository, manifest)
    if (current === digest) return true
    const { mediaType } = manifest
    await keep(repository, { digest, mediaType, bytes: found.bytes }, manifest, [tag])
    return true
  }

  async function keep(repository: string, kept: Kept, manifest: Manifest, tags: Tag[] = []) {
    sizes.learn(repository, manifest)
    const references = Promise.resolve()
    const { bytes, digest } = kept
    await manifests.put(repository, {
      ...{ bytes, digest, manifest, references, tags },
      mayMove: () => true,
    })
  }
}

/** An upstream may hold what could not be pushed here; it is kept as a volume of it would be read. */
function read({ bytes, mediaType }: Kept, upstream: string): Manifest {
  try {
    return parseManifest(bytes, mediaType)
  } catch (cause) {
    if (!(cause instanceof RegistryError)) throw cause
    const stored = readStoredManifest(bytes)
    if (stored) return stored
    const text = `it sent what is no manifest that can be kept (${mediaType.slice(0, 100)})`
    throw new UpstreamError('content', upstream, text, { cause })
  }
}
