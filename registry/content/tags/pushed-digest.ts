/**
 * The digest by which a manifest was pushed under a tag, where it is of another algorithm than the one that
 * the manifest is stored under. The history of the tag holds it, as the current link has to be one that other
 * registries compare. A revision that is gone is no name any more.
 */
import type { Digest } from '../../protocol/digest.ts'
import type { Tag } from '../../protocol/name.ts'
import type { Call } from '../../storage/driver.ts'
import type { Links } from '../links.ts'
import { paths } from '../paths.ts'
import type { TagCache } from './tag-cache.ts'

export type PushedDigests = ReturnType<typeof createPushedDigests>

type Stored = { repository: string; tag: Tag; stored: Digest }

export function createPushedDigests(links: Links, cache: TagCache | undefined) {
  return { find, read, forget }

  /** The remembered digest may be older for a moment: both are of the same bytes. */
  async function find(named: Stored, call?: Call): Promise<Digest> {
    if (!cache) return read(named, call)
    const path = pathOf(named)
    const known = cache.pushed.get(path)
    if (known) return known
    const found = await read(named, call)
    cache.pushed.set(path, found)
    return found
  }

  /** Of storage, also where another process may have given the tag anew a moment ago. */
  async function read(named: Stored, call?: Call): Promise<Digest> {
    const { repository, stored } = named
    const pushed = (await links.read(pathOf(named), call)) ?? stored
    if (pushed === stored) return stored
    const leadsTo = await links.read(paths.revisionLink(repository, pushed), call)
    return leadsTo === stored ? pushed : stored
  }

  function forget(named: Stored): void {
    cache?.pushed.delete(pathOf(named))
  }
}

function pathOf({ repository, tag, stored }: Stored): string {
  return paths.tagIndex(repository, tag, stored)
}
