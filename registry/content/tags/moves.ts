/**
 * Setting and removing tags, which are names that move.
 *
 * A tag that has to stay is written only where storage finds nothing else, and a tag is removed only while
 * it names what was found: a request that was under way when its lease was lost may still arrive.
 */
import { busyError } from '../../leases/lease.ts'
import type { Digest } from '../../protocol/digest.ts'
import { RegistryError } from '../../protocol/errors.ts'
import type { Tag } from '../../protocol/name.ts'
import type { Call, Version } from '../../storage/driver.ts'
import type { FencedStorage } from '../../storage/fenced.ts'
import { type Links, replaceLink, type VersionedLink, writeLink } from '../links.ts'
import { paths } from '../paths.ts'
import type { PushedDigests } from './pushed-digest.ts'
import type { TagCache } from './tag-cache.ts'

type Named = { repository: string; tag: Tag }
type Setting = Named & {
  /** The digest that the manifest is stored under. */
  stored: Digest
  /** The digest by which the client pushed it; without it, that is the same one. */
  pushedAs?: Digest
  mayMove: MayMove
}
type MayMove = (tag: Tag) => boolean
/** Any value may be replaced, or only this version, or none: the tag is as it has to be. */
type Move = 'any' | { over: Version | undefined } | 'none'
type Removal = Named & {
  /** The tag stays if it names anything else. */
  names?: Digest | undefined
}
/** A tag is seen only once `ready` has resolved. */
type SettingCall = Call & { ready?: Promise<unknown> }

type Parts = { links: Links; pushed: PushedDigests; cache: TagCache | undefined }

/** How often a change is decided on anew, when storage holds something else by the time it arrives. */
const mostDecisions = 3

export function createTagMoves({ links, pushed, cache }: Parts) {
  return { decideMove, set, remove }

  /** Throws `tagImmutable` when the tag names anything but `to` and `mayMove` says it has to stay. */
  async function decideMove(
    { repository, tag }: Named,
    to: Digest,
    mayMove: MayMove,
  ): Promise<Move> {
    if (mayMove(tag)) return 'any'
    const { digest: stored, version } = (await look(repository, tag)) ?? {}
    if (!stored) return { over: version }
    const digest = await pushed.read({ repository, tag, stored })
    if (digest === to) return 'none'
    throw new RegistryError('tagImmutable', { detail: { tag, digest } })
  }

  async function look(repository: string, tag: Tag, call?: Call) {
    return links.readVersioned(paths.tagCurrent(repository, tag), call)
  }

  /**
   * A tag is seen once its current link is there. So that comes last: after the history of the tag, which
   * nobody reads until then, and after `ready`. Throws what `decideMove` throws.
   */
  async function set(under: FencedStorage, setting: Setting, call: SettingCall) {
    const { repository, tag, stored, pushedAs = stored, mayMove } = setting
    const { ready, ...rest } = call
    let move = await decideMove(setting, pushedAs, mayMove)
    const history = paths.tagIndex(repository, tag, stored)
    pushed.forget({ repository, tag, stored })
    const link = { path: paths.tagCurrent(repository, tag), digest: stored }
    await changing(setting, async (marked) => {
      const written = writeLink(under, { path: history, digest: pushedAs }, rest)
      await Promise.all([written, ready, marked])
      await insist(async () => {
        if (move === 'none') return true
        if (move === 'any') return writeLink(under, link, rest).then(() => true)
        if (await replaceLink(under, { ...link, ...move }, rest)) return true
        move = await decideMove(setting, pushedAs, mayMove)
        return false
      })
    })
  }

  /** False when there is no such tag, or when it names anything but `names`. */
  async function remove(under: FencedStorage, removal: Removal, call?: Call): Promise<boolean> {
    const { repository, tag, names } = removal
    const current = paths.tagCurrent(repository, tag)
    let found = await look(repository, tag, call)
    if (!isToGo(found, names)) return false
    await changing(removal, async (marked) => {
      await marked
      await insist(async () => {
        if (!found || !isToGo(found, names)) return true
        const isRemoved = await under.removeVersion(current, { ...call, version: found.version })
        found = isRemoved ? undefined : await look(repository, tag, call)
        return isRemoved
      })
    })
    if (found) return false
    // Not what is left of the folder: a tag that was set after the lease was lost is part of it.
    await under.remove(paths.tagHistory(repository, tag), call)
    await under.remove(paths.tag(repository, tag), { ...call, only: [] })
    return true
  }

  /** The current link may be changed once `marked` has resolved. */
  async function changing(
    { repository, tag }: Named,
    work: (marked?: Promise<void>) => Promise<void>,
  ): Promise<void> {
    await (cache ? cache.changing(repository, tag, work) : work())
  }
}

function isToGo(found: VersionedLink | undefined, names: Digest | undefined): boolean {
  return found?.digest !== undefined && (names === undefined || found.digest === names)
}

/** `attempt` answers whether it is done. */
async function insist(attempt: () => Promise<boolean>): Promise<void> {
  for (let count = 0; count < mostDecisions; count += 1) if (await attempt()) return
  throw busyError('unavailable')
}
