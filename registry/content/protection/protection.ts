/**
 * Images under tags that have to stay: all that such a tag reaches stays as well, or the tag would name
 * an image that nobody can pull. That is the manifest itself, the children of an index at any depth,
 * configurations and layers. A manifest's `subject` is not among them: it is not needed to pull.
 */
import { LRUCache } from 'lru-cache'
import type { Leases } from '../../leases/lease.ts'
import { fewAtOnce } from '../../pace/few-at-once.ts'
import type { Digest } from '../../protocol/digest.ts'
import { RegistryError } from '../../protocol/errors.ts'
import { readStoredManifest } from '../../protocol/manifest.ts'
import type { Tag } from '../../protocol/name.ts'
import type { StorageDriver } from '../../storage/driver.ts'
import type { FencedStorage } from '../../storage/fenced.ts'
import { hold } from '../hold.ts'
import type { Links } from '../links.ts'
import type { Manifests } from '../manifests/manifests.ts'
import { paths } from '../paths.ts'
import type { Tags } from '../tags/tags.ts'

export type Protection = ReturnType<typeof createProtection>

/** Whether the one who asks may remove a tag. */
type MayRemove = (tag: Tag) => boolean
type Kind = 'manifest' | 'blob'
type Named = { kind: Kind; digest: Digest }
type Removal = Named & { mayRemove: MayRemove }
type Reached = [digest: Digest, tag: Tag]
type Parts = { content: Digest[]; children: Digest[] }

const folders = { manifest: paths.revisions, blob: paths.layers } satisfies Record<Kind, unknown>

const mostBytes = 4 * 1024 * 1024
const bytesEach = 200

type Needs = {
  storage: StorageDriver
  tags: Tags
  manifests: Manifests
  links: Links
  leases: Leases
}

export function createProtection({ storage, tags, manifests, links, leases }: Needs) {
  /** What a manifest names is a fact about its digest, and can be remembered. */
  const known = new LRUCache<Digest, Parts>({
    maxSize: mostBytes,
    sizeCalculation: ({ content, children }) => bytesEach * (1 + content.length + children.length),
  })
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

  /** All that the tags reach, level by level; each manifest is read once. */
  async function* reach(repository: string, kept: Tag[]): AsyncIterable<Reached> {
    const seen = new Set<Digest>()
    const isNew = ([digest]: Reached) => !seen.has(digest) && seen.add(digest)
    let level = (await namedBy(repository, kept)).filter(isNew)
    while (level.length > 0) {
      yield* level
      const { content, children } = await below(repository, level)
      yield* content
      level = children.filter(isNew)
    }
  }

  async function below(repository: string, level: readonly Reached[]) {
    const content: Reached[] = []
    const children: Reached[] = []
    for await (const [[, tag], parts] of fewAtOnce(level, ([it]) => partsOf(repository, it))) {
      for (const digest of parts.content) content.push([digest, tag])
      for (const digest of parts.children) children.push([digest, tag])
    }
    return { content, children }
  }

  async function namedBy(repository: string, kept: Tag[]): Promise<Reached[]> {
    const found = await Array.fromAsync(fewAtOnce(kept, (tag) => tags.find(repository, tag)))
    return found.flatMap(([tag, digest]): Reached[] => (digest ? [[digest, tag]] : []))
  }

  /** A manifest that is not there, or damaged, reaches nothing: nobody can pull it either. */
  async function partsOf(repository: string, digest: Digest): Promise<Parts> {
    const remembered = known.get(digest)
    if (remembered) return remembered
    const found = await manifests.find(repository, digest)
    const read = found && readStoredManifest(found.bytes)
    if (!read) return { content: [], children: [] }

    const { config, layers, manifests: children } = read
    const content = [...(config ? [config] : []), ...layers].map((it) => it.digest)
    const parts = { content, children: children.map((it) => it.digest) }
    known.set(digest, parts)
    return parts
  }
}
