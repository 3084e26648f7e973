/** Storing a manifest, and pointing tags at it. */
import { algorithmOf, canonical, type Digest, digestOf } from '../../protocol/digest.ts'
import { RegistryError } from '../../protocol/errors.ts'
import type { Manifest } from '../../protocol/manifest.ts'
import type { Tag } from '../../protocol/name.ts'
import type { Call } from '../../storage/driver.ts'
import { writeLink } from '../links.ts'
import { paths } from '../paths.ts'
import type { Tags } from '../tags/tags.ts'
import type { Descriptions } from './descriptions.ts'
import type { Changeable, Holds } from './holds.ts'

type ManifestPush = {
  bytes: Buffer
  manifest: Manifest
  digest: Digest | undefined
  /** Resolves once all is known to be here that the manifest refers to. */
  references: Promise<void>
  tags: Tag[]
  /** Whether a tag may be made to name another manifest. */
  mayMove: (tag: Tag) => boolean
  /** The storage under a lease that the caller holds, if it does. */
  within?: Changeable | undefined
}

type Parts = { storage: Changeable; tags: Tags; holds: Holds; descriptions: Descriptions }

export function createManifestPut({ storage, tags, holds, descriptions }: Parts) {
  return { put }

  /**
   * Stores `bytes`, links them under `digest` and points `tags` at them, in this order, so that a tag
   * is only ever seen with all it names. Nothing shows the bytes before they are linked, so they are
   * stored while it is still being found out whether the rest is here. Throws what `references` throws,
   * `digestMismatch`, and `tagImmutable` for a tag that may not be moved, which is asked again while nobody
   * else can move it.
   */
  async function put(repository: string, push: ManifestPush, call?: Call): Promise<Digest> {
    const { bytes, manifest, mayMove, within = storage } = push
    const stored = digestOf(canonical, bytes)
    const digest = push.digest ?? stored
    verify(digest, bytes)
    await Promise.all(push.tags.map((tag) => tags.decideMove({ repository, tag }, digest, mayMove)))

    await holds.holdRevision(within, { repository, digest: stored }, async (under) => {
      await allSettled([push.references, under.put(paths.blob(stored), bytes, call)])
      const names = [...new Set([stored, digest])]
      const places = names.map((name) => paths.revisionLink(repository, name))
      if (manifest.subject) places.push(paths.referrerLink(repository, manifest.subject, digest))
      const linked = Promise.all(
        places.map((path) => writeLink(under, { path, digest: stored }, call)),
      )
      const tagged = push.tags.map((tag) =>
        holds.holdTag(under, { repository, tag }, async (both) => {
          const setting = { repository, tag, stored, pushedAs: digest, mayMove }
          await tags.set(both, setting, { ...call, ready: linked })
        }),
      )
      await allSettled([linked, ...tagged])
    })
    descriptions.remember(stored, manifest, bytes.length)
    return digest
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
