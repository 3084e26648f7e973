/** Removing a manifest with the tags that name it, or one of its tags. */
import type { Digest } from '../../protocol/digest.ts'
import { RegistryError } from '../../protocol/errors.ts'
import type { Tag } from '../../protocol/name.ts'
import type { Call } from '../../storage/driver.ts'
import type { Links } from '../links.ts'
import { paths } from '../paths.ts'
import type { Tags } from '../tags/tags.ts'
import type { Descriptions } from './descriptions.ts'
import type { Changeable, Holds } from './holds.ts'

type ManifestRemoval = {
  digest: Digest
  /** Whether a tag may be removed with the manifest that it names. */
  mayRemove: (tag: Tag) => boolean
  /** The storage under a lease that the caller holds, if it does. */
  within?: Changeable | undefined
}

/** `names` is what it has to name. */
type NamedTag = { repository: string; tag: Tag; names?: Digest }

type Parts = {
  storage: Changeable
  links: Links
  tags: Tags
  holds: Holds
  descriptions: Descriptions
}

export function createManifestRemoval({ storage, links, tags, holds, descriptions }: Parts) {
  return { remove, removeTag }

  /**
   * Removes a manifest and every tag that names it, the tags first: a tag is never seen without what
   * it names. Undefined when there was none, else the tags that went with it. Throws `tagImmutable`,
   * and removes nothing, when `mayRemove` refuses one of them.
   */
  async function remove(
    repository: string,
    { digest, mayRemove, within = storage }: ManifestRemoval,
    call?: Call,
  ): Promise<{ tags: Tag[] } | undefined> {
    const stored = await links.read(paths.revisionLink(repository, digest), call)
    if (!stored) return undefined

    return holds.holdRevision(within, { repository, digest: stored }, async (under) => {
      const removed: Tag[] = []
      const named = await tags.naming(repository, stored, call)
      const kept = named.find((tag) => !mayRemove(tag))
      if (kept) throw new RegistryError('tagImmutable', { detail: { tag: kept, digest: stored } })
      for (const tag of named) {
        if (await removeTagIf(under, { repository, tag, names: stored }, call)) removed.push(tag)
      }
      const aliases = await links.aliases(paths.revisions(repository), stored, call)
      const names = [...new Set([digest, stored, ...aliases])]
      const subject = await subjectOf(stored, call)
      await Promise.all(
        names.flatMap((name) => [
          under.remove(paths.revision(repository, name), call),
          subject && under.remove(paths.referrer(repository, subject, name), call),
        ]),
      )
      return { tags: removed }
    })
  }

  /** Removes one tag and leaves the manifest. False when there was no such tag. */
  async function removeTag(repository: string, tag: Tag, call?: Call): Promise<boolean> {
    if (!(await tags.find(repository, tag, call))) return false
    return removeTagIf(storage, { repository, tag }, call)
  }

  /** Looks again once it holds the tag, which may have moved to another manifest meanwhile. */
  async function removeTagIf(within: Changeable, removal: NamedTag, call?: Call) {
    return holds.holdTag(within, removal, (under) => tags.remove(under, removal, call))
  }

  async function subjectOf(stored: Digest, call?: Call): Promise<Digest | undefined> {
    const bytes = await storage.get(paths.blob(stored), call)
    return bytes && descriptions.of(stored, bytes)?.subject
  }
}
