/** Manifests as they are stored, without what changes them. */
import { algorithmOf, canonical, type Digest } from '../../protocol/digest.ts'
import type { Call } from '../../storage/driver.ts'
import type { ReadableStorage } from '../../storage/fenced.ts'
import type { Links } from '../links.ts'
import { paths } from '../paths.ts'
import type { Description, Descriptions } from './descriptions.ts'

export type StoredManifest = { digest: Digest; bytes: Buffer; description: Description }

type Parts = { storage: ReadableStorage; links: Links; descriptions: Descriptions }

export function createManifestReads({ storage, links, descriptions }: Parts) {
  return { find, has }

  /** `digest` in the answer is the one that was asked for. A damaged manifest is not found. */
  async function find(
    repository: string,
    digest: Digest,
    call?: Call,
  ): Promise<StoredManifest | undefined> {
    // A link holds the digest that is its name, unless that is of another algorithm.
    const likely =
      algorithmOf(digest) === canonical ? storage.get(paths.blob(digest), call) : undefined
    likely?.catch(() => {})
    const stored = await links.read(paths.revisionLink(repository, digest), call)
    if (!stored) return undefined
    const bytes = await (likely && stored === digest
      ? likely
      : storage.get(paths.blob(stored), call))
    const description = bytes && descriptions.of(stored, bytes)
    return description && { digest, bytes, description }
  }

  /**
   * Whether a manifest of `size` bytes is here, without reading it. One of another size was cut by a
   * crash, or `size` is wrong; `find` tells.
   */
  async function has(
    repository: string,
    { digest, size }: { digest: Digest; size: number | undefined },
    call?: Call,
  ): Promise<boolean> {
    const stored = await links.read(paths.revisionLink(repository, digest), call)
    const found = stored && (await storage.stat(paths.blob(stored), call))
    return found !== undefined && found.size > 0 && found.size === size
  }
}
