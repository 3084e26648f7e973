/** Manifests: the documents that make blobs an image. Stored byte for byte as they were pushed. */

import type { Leases } from '../leases/lease.ts'
import { algorithmOf, canonical, type Digest, digestOf } from '../spec/digest.ts'
import { RegistryError } from '../spec/errors.ts'
import type { Manifest } from '../spec/manifest.ts'
import type { Tag } from '../spec/name.ts'
import type { Call, StorageDriver } from '../storage/driver.ts'
import type { Description, Descriptions } from './descriptions.ts'
import type { Links } from './links.ts'
import { paths } from './paths.ts'
import type { Tags } from './tags.ts'

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
}

/** Whether a tag may be made to name another manifest, or be removed with the one it names. */
type MayChange = (tag: Tag) => boolean

type Parts = {
  storage: StorageDriver
  links: Links
  tags: Tags
  leases: Leases
  descriptions: Descriptions
}

export function createManifests({ storage, links, tags, leases, descriptions }: Parts) {
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
      push.tags.map((tag) => tags.refuseMove(repository, tag, digest, push.mayMove)),
    )

    await holdRevision(repository, stored, async () => {
      await allSettled([push.whole, storage.put(paths.blob(stored), bytes, call)])
      const names = [...new Set([stored, digest])]
      const linked = Promise.all([
        ...names.map((name) => links.write(paths.revisionLink(repository, name), stored, call)),
        manifest.subject &&
          links.write(paths.referrerLink(repository, manifest.subject, digest), stored, call),
      ])
      const tagged = push.tags.map((tag) =>
        holdTag(repository, tag, async () => {
          await tags.refuseMove(repository, tag, digest, push.mayMove)
          await tags.set(repository, tag, stored, { ...call, whole: linked, as: digest })
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
    digest: Digest,
    mayRemove: MayChange,
    call?: Call,
  ): Promise<{ tags: Tag[] } | undefined> {
    const stored = await links.read(paths.revisionLink(repository, digest), call)
    if (!stored) return undefined

    return holdRevision(repository, stored, async () => {
      const removed: Tag[] = []
      const named = await tags.naming(repository, stored, call)
      const kept = named.find((tag) => !mayRemove(tag))
      if (kept) throw new RegistryError('tagImmutable', { detail: { tag: kept, digest: stored } })
      for (const tag of named) {
        if (await removeTagIf(repository, tag, stored, call)) removed.push(tag)
      }
      const aliases = await links.aliases(paths.revisions(repository), stored, call)
      const names = [...new Set([digest, stored, ...aliases])]
      const subject = await subjectOf(stored, call)
      await Promise.all(
        names.flatMap((name) => [
          storage.remove(paths.revision(repository, name), call),
          subject && storage.remove(paths.referrer(repository, subject, name), call),
        ]),
      )
      return { tags: removed }
    })
  }

  /** Removes one tag and leaves the manifest. False when there was no such tag. */
  async function removeTag(repository: string, tag: Tag, call?: Call): Promise<boolean> {
    if (!(await tags.find(repository, tag, call))) return false
    return removeTagIf(repository, tag, undefined, call)
  }

  /** Looks again once it holds the tag, which may have moved to another manifest meanwhile. */
  async function removeTagIf(repository: string, tag: Tag, names?: Digest, call?: Call) {
    return holdTag(repository, tag, async () => {
      const found = matches(await tags.find(repository, tag, call), names)
      if (found) await tags.remove(repository, tag, call)
      return found
    })
  }

  async function subjectOf(stored: Digest, call?: Call): Promise<Digest | undefined> {
    const bytes = await storage.get(paths.blob(stored), call)
    return bytes && descriptions.of(stored, bytes)?.subject
  }

  /*
   * Pushing and deleting one manifest exclude each other, or a push could be acknowledged whose
   * revision a delete has just taken away. Whoever needs both takes the revision first, then the tag.
   */
  function holdRevision<T>(repository: string, digest: Digest, work: () => Promise<T>) {
    return leases.hold(`manifest ${repository} ${digest}`, 'unavailable', work)
  }

  function holdTag<T>(repository: string, tag: Tag, work: () => Promise<T>) {
    return leases.hold(`tag ${repository} ${tag}`, 'unavailable', work)
  }
}

/** Nothing is left running when it rejects. */
async function allSettled(work: Promise<unknown>[]): Promise<void> {
  await Promise.allSettled(work)
  await Promise.all(work)
}

function matches(found: Digest | undefined, wanted: Digest | undefined): boolean {
  return found !== undefined && (wanted === undefined || found === wanted)
}

function verify(digest: Digest, bytes: Uint8Array): void {
  const found = digestOf(algorithmOf(digest), bytes)
  if (found !== digest) throw new RegistryError('digestMismatch', { detail: { digest, found } })
}
