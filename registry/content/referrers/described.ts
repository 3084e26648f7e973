/**
 * Manifests of which only their description is wanted. A remembered one spares reading the bytes; small
 * ones are read as they come, and large ones one after the other, so that many of them fill no memory.
 */
import { createTurns } from '../../pace/in-turn.ts'
import { algorithmOf, canonical, type Digest, digestOf } from '../../protocol/digest.ts'
import { type Manifest, readStoredManifest } from '../../protocol/manifest.ts'
import type { Call, StorageDriver } from '../../storage/driver.ts'
import type { Links } from '../links.ts'
import { type Description, type Descriptions, longest } from '../manifests/descriptions.ts'
import { paths } from '../paths.ts'

export type Described = ReturnType<typeof createDescribed>

/** Without a description it is large, and nobody has read it lately. */
export type Found = { stored: Digest; size: number; description: Description | undefined }

type Parts = { storage: StorageDriver; links: Links; descriptions: Descriptions }

export function createDescribed({ storage, links, descriptions }: Parts) {
  const inTurn = createTurns()
  return { find, read }

  /** Undefined when it is not in the repository, or damaged as far as that can be seen. */
  async function find(repository: string, digest: Digest, call?: Call): Promise<Found | undefined> {
    // A link holds the digest that is its name, unless that is of another algorithm.
    const likely =
      algorithmOf(digest) === canonical ? storage.stat(paths.blob(digest), call) : undefined
    likely?.catch(() => {})
    const stored = await links.read(paths.revisionLink(repository, digest), call)
    if (!stored) return undefined
    const isLikely = likely && stored === digest
    const stat = await (isLikely ? likely : storage.stat(paths.blob(stored), call))
    return stat && describe(stored, stat.size, call)
  }

  async function describe(stored: Digest, size: number, call?: Call): Promise<Found | undefined> {
    const known = descriptions.known(stored)
    if (known?.size === size) return { stored, size, description: known }
    if (size > longest) return { stored, size, description: undefined }
    const bytes = await storage.get(paths.blob(stored), call)
    const description = bytes && descriptions.of(stored, bytes)
    return description && { stored, size, description }
  }

  /** All that a manifest says, which the caller forgets again soon. */
  async function read({ stored }: Found, call?: Call): Promise<Manifest | undefined> {
    return inTurn(async () => {
      call?.signal?.throwIfAborted()
      const bytes = await storage.get(paths.blob(stored), call)
      if (!bytes || digestOf('sha256', bytes) !== stored) return undefined
      const manifest = readStoredManifest(bytes)
      if (manifest) descriptions.remember(stored, manifest, bytes.length)
      return manifest
    })
  }
}
