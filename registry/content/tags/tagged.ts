/** Manifests by tag, which is what clients ask for most: by what is remembered for sure, or from storage. */
import type { Digest } from '../../protocol/digest.ts'
import type { Tag } from '../../protocol/name.ts'
import type { Call } from '../../storage/driver.ts'
import type { Manifests } from '../manifests/manifests.ts'
import type { StoredManifest } from '../manifests/read.ts'
import type { TagCache } from './tag-cache.ts'
import type { Tags } from './tags.ts'

export type Tagged = ReturnType<typeof createTagged>

type Parts = { tags: Tags; manifests: Manifests; cache: TagCache | undefined }
type Named = { digest: Digest; manifest: StoredManifest | undefined }

export function createTagged({ tags, manifests, cache }: Parts) {
  return { find }

  /**
   * Undefined without such a tag. `digest` is the one by which the tag was given. A manifest that is gone is
   * looked for once more where its tag names another by now: that it was removed says nothing of the tag.
   */
  async function find(repository: string, tag: Tag, call?: Call): Promise<Named | undefined> {
    let missing: Digest | undefined
    for (;;) {
      const found = await findNow(repository, tag, call)
      if (!found || found.manifest || found.digest === missing) return found
      missing = found.digest
    }
  }

  async function findNow(repository: string, tag: Tag, call?: Call): Promise<Named | undefined> {
    const pointer = (await cache?.find(repository, tag)) ?? {}
    if (pointer.digest) return named(pointer.digest, findNamed(repository, pointer.digest, call))

    const stored = await tags.find(repository, tag, call)
    if (!stored) return undefined
    const manifest = findNamed(repository, stored, call)
    const found = await named(tags.findPushed({ repository, tag, stored }, call), manifest)
    const { token } = pointer
    if (found.manifest && token) {
      await cache?.keep(repository, tag, { token, digest: found.digest })
    }
    return found
  }

  async function named(
    name: Digest | Promise<Digest>,
    found: Promise<StoredManifest | undefined>,
  ): Promise<Named> {
    const [digest, manifest] = await Promise.all([name, found])
    return { digest, manifest }
  }

  /** A tag goes before its manifest does, so one that was just found stands for a manifest, too. */
  async function findNamed(repository: string, digest: Digest, call?: Call) {
    // Where storage is near, asking costs little, and shows what was damaged there.
    if (!cache) return manifests.find(repository, digest, call)
    const remembered = cache.manifests.get(digest)
    if (remembered) return remembered
    const found = await manifests.find(repository, digest, call)
    if (found) cache.manifests.set(digest, found)
    return found
  }
}
