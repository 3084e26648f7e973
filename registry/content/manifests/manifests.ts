/** Manifests: the documents that make blobs an image. Stored byte for byte as they were pushed. */

import type { Leases } from '../../leases/lease.ts'
import { algorithmOf, canonical, type Digest, digestOf } from '../../protocol/digest.ts'
import { RegistryError } from '../../protocol/errors.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { Tag } from '../../protocol/name.ts'
import type { Call, StorageDriver } from '../../storage/driver.ts'
import type { FencedStorage, ReadableStorage } from '../../storage/fenced.ts'
import { hold } from '../hold.ts'
import { type Links, writeLink } from '../links.ts'
import { paths } from '../paths.ts'
import type { Tags } from '../tags/tags.ts'
import type { Description, Descriptions } from './descriptions.ts'

export type Manifests = ReturnType<typeof createManifests>
export type StoredManifest = { digest: Digest; bytes: Buffer; description: Description }

type ManifestPush = {
  bytes: Buffer
  manifest: Manifest
  digest: Digest | undefined
  /** Resolves once all is known to be here that it refers to. */
  whole: Promise<void>
  tags: Tag[]
  mayMove: MayChange
  /** The storage under a lease that the caller holds, if it does. */
  within?: Changeable | undefined
}

type ManifestRemoval = { digest: Digest; mayRemove: MayChange; within?: Changeable | undefined }

/** Whether a tag may be made to name another manifest, or be removed with the one it names. */
type MayChange = (tag: Tag) => boolean

type Changeable = Omit<StorageDriver, 'close'>
type Work<T> = (under: FencedStorage) => Promise<T>
/** `names` is what it has to name. */
type NamedTag = { repository: string; tag: Tag; names?: Digest }

type Parts = {
  storage: StorageDriver
  links: Links
  tags: Tags
  leases: Leases
  descriptions: Descriptions
}

export function createManifests(parts: Parts) {
  const { links, tags, leases, descriptions } = parts
  const storage: ReadableStorage = parts.storage
  return { find, has, put, remove, removeTag }

  /** `digest` in the answer is the one that was asked for. A damaged manifest is not found. */
  async function find(
    repository: string,
    digest: Digest,
    call?: Call,
  ): Promise<StoredManifest | undefined> {
    // What a link leads to is its own name, unless that is of another algorithm.
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

  /**
   * Stores `bytes`, links them under `digest` and points `tags` at them, in this order, so that a tag
   * is only ever seen with all it names. Nothing shows the bytes before they are linked, so they are
   * stored while it is still being found out whether the rest is here. Throws what `whole` throws, `digestMismatch`, and `tagImmutable` for a tag that may
   * not be moved, which is asked again while nobody else can move it.
   */
  async function put(repository: string, push: ManifestPush, call?: Call): Promise<Digest> {
    const { bytes, manifest } = push
    const stored = digestOf(canonical, bytes)
    const digest = push.digest ?? stored
    verify(digest, bytes)
    await Promise.all(
      push.tags.map((tag) => tags.decideMove({ repository, tag }, digest, push.mayMove)),
    )

    await holdRevision(push.within, { repository, digest: stored }, async (under) => {
      await allSettled([push.whole, under.put(paths.blob(stored), bytes, call)])
      const names = [...new Set([stored, digest])]
      const places = names.map((name) => paths.revisionLink(repository, name))
      if (manifest.subject) places.push(paths.referrerLink(repository, manifest.subject, digest))
      const linked = Promise.all(
        places.map((path) => writeLink(under, { path, digest: stored }, call)),
      )
      const tagged = push.tags.map((tag) =>
        holdTag(under, { repository, tag }, async (both) => {
          const { mayMove } = push
          const setting = { repository, tag, digest: stored, as: digest, mayMove }
          await tags.set(both, setting, { ...call, whole: linked })
        }),
      )
      await allSettled([linked, ...tagged])
    })
    descriptions.remember(stored, manifest, bytes.length)
    return digest
  }

  /**
   * Removes a manifest and every tag that names it, the tags first: a tag is never seen without what
   * it names. Undefined when there was none, else the tags that went with it. Throws `tagImmutable`,
   * and removes nothing, when `mayRemove` refuses one of them.
   */
  async function remove(
    repository: string,
    { digest, mayRemove, within }: ManifestRemoval,
    call?: Call,
  ): Promise<{ tags: Tag[] } | undefined> {
    const stored = await links.read(paths.revisionLink(repository, digest), call)
    if (!stored) return undefined

    return holdRevision(within, { repository, digest: stored }, async (under) => {
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
    return removeTagIf(parts.storage, { repository, tag }, call)
  }

  /** Looks again once it holds the tag, which may have moved to another manifest meanwhile. */
  async function removeTagIf(within: Changeable, removal: NamedTag, call?: Call) {
    return holdTag(within, removal, (under) => tags.remove(under, removal, call))
  }

  async function subjectOf(stored: Digest, call?: Call): Promise<Digest | undefined> {
    const bytes = await storage.get(paths.blob(stored), call)
    return bytes && descriptions.of(stored, bytes)?.subject
  }

  /*
   * Pushing and deleting one manifest exclude each other, or a push could be acknowledged whose
   * revision a delete has just taken away. Whoever needs both takes the revision first, then the tag.
   */
  function holdRevision<T>(
    storage: Changeable = parts.storage,
    { repository, digest }: { repository: string; digest: Digest },
    work: Work<T>,
  ): Promise<T> {
    const name = `manifest ${repository} ${digest}`
    return hold(leases, { name, busy: 'unavailable', storage }, work)
  }

  /** `storage` is the one under the revision's lease, where that is held. */
  function holdTag<T>(storage: Changeable, { repository, tag }: NamedTag, work: Work<T>) {
    return hold(leases, { name: `tag ${repository} ${tag}`, busy: 'unavailable', storage }, work)
  }
}

/** Nothing is left running when it rejects. */
async function allSettled(work: Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(work)
  await Promise.all(work)
}

function verify(digest: Digest, bytes: Uint8Array): void {
  const found = digestOf(algorithmOf(digest), bytes)
  if (found !== digest) throw new RegistryError('digestMismatch', { detail: { digest, found } })
}
