/**
 * Images under tags that have to stay: all that such a tag reaches stays as well, or the tag would name
 * an image that nobody can pull.
 */
import type { Leases } from '../../leases/lease.ts'
import type { Digest } from '../../protocol/digest.ts'
import { RegistryError } from '../../protocol/errors.ts'
import type { Tag } from '../../protocol/name.ts'
import type { StorageDriver } from '../../storage/driver.ts'
import type { FencedStorage } from '../../storage/fenced.ts'
import { hold } from '../hold.ts'
import type { Links } from '../links.ts'
import type { Manifests } from '../manifests/manifests.ts'
import { paths } from '../paths.ts'
import type { Tags } from '../tags/tags.ts'
import { createReach } from './reach.ts'

export type Protection = ReturnType<typeof createProtection>

/** Whether the one who asks may remove a tag. */
type MayRemove = (tag: Tag) => boolean
type Kind = 'manifest' | 'blob'
type Named = { kind: Kind; digest: Digest }
type Removal = Named & { mayRemove: MayRemove }

const folders = { manifest: paths.revisions, blob: paths.layers } satisfies Record<Kind, unknown>

type Parts = {
  storage: StorageDriver
  tags: Tags
  manifests: Manifests
  links: Links
  leases: Leases
}

export function createProtection({ storage, tags, manifests, links, leases }: Parts) {
  const { reach } = createReach({ tags, manifests })
  return { removing, tagging }

  /**
   * Runs `work`, which removes `digest` from the repository. Throws `tagImmutable`, naming the tag,
   * where a tag that may not be removed reaches the digest under any of its names.
   */
  async function removing<T>(
    repository: string,
    { kind, digest, mayRemove }: Removal,
    work: (under: FencedStorage) => Promise<T>,
  ): Promise<T> {
    // Held in any case: the first tag that has to stay may be about to be set.
    return holding(repository, async (under) => {
      const kept = (await tags.listNames(repository)).filter((tag) => !mayRemove(tag))
      const tag =
        kept.length > 0 ? await findKeeping(repository, kept, { kind, digest }) : undefined
      // It is asked about that tag last, so that the log names the rule that keeps it.
      if (tag === undefined || mayRemove(tag)) return work(under)
      throw new RegistryError('tagImmutable', { detail: { tag, digest } })
    })
  }

  /**
   * Runs `work`, which looks for all that a manifest names and then sets `named`. Nothing of it is
   * removed in between where one of the tags has to stay afterwards.
   */
  function tagging<T>(
    repository: string,
    named: readonly Tag[],
    { mayRemove, work }: { mayRemove: MayRemove; work: (under?: FencedStorage) => Promise<T> },
  ): Promise<T> {
    return named.every(mayRemove) ? work() : holding(repository, work)
  }

  function holding<T>(repository: string, work: (under: FencedStorage) => Promise<T>): Promise<T> {
    return hold(leases, { name: `protected ${repository}`, busy: 'unavailable', storage }, work)
  }

  /** The first of `kept` that reaches the digest under one of its names. */
  async function findKeeping(repository: string, kept: Tag[], { kind, digest }: Named) {
    const names = new Set(await links.findNames(folders[kind](repository), digest))
    if (names.size === 0) return undefined
    for await (const [reached, tag] of reach(repository, kept)) if (names.has(reached)) return tag
    return undefined
  }
}
