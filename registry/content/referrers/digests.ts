/**
 * Which manifests may refer to another one. Beside the links that a push leaves, the index under the
 * fallback tag counts, which clients of older registries maintained.
 */
import { LRUCache } from 'lru-cache'
import { algorithmOf, algorithms, type Digest, hexOf, isDigest } from '../../protocol/digest.ts'
import { isTag } from '../../protocol/name.ts'
import type { Call, StorageDriver } from '../../storage/driver.ts'
import { paths } from '../paths.ts'
import type { Tags } from '../tags/tags.ts'
import type { Described } from './described.ts'

export type ReferrerDigests = ReturnType<typeof createReferrerDigests>

type After = Call & { after: string }
type Parts = { storage: StorageDriver; tags: Tags; described: Described }

/** Of indexes, which may have tens of thousands of children. */
const mostRemembered = 16 * 1024 * 1024
const bytesEach = 100

export function createReferrerDigests({ storage, tags, described }: Parts) {
  const children = new LRUCache<Digest, readonly Digest[]>({
    maxSize: mostRemembered,
    sizeCalculation: ({ length }) => bytesEach * (length + 1),
  })
  return { list }

  /** In order, each of them once, those after `after`. */
  async function* list(repository: string, subject: Digest, call: After): AsyncIterable<Digest> {
    const others = await underFallbackTag(repository, subject, call)
    let at = others.findIndex((digest) => digest > call.after)
    if (at < 0) at = others.length
    for await (const digest of linked(repository, subject, call)) {
      for (; at < others.length && (others[at] as Digest) <= digest; at++) {
        if (others[at] !== digest) yield others[at] as Digest
      }
      yield digest
    }
    yield* others.slice(at)
  }

  async function* linked(repository: string, subject: Digest, call: After) {
    for (const algorithm of algorithms) {
      const folder = `${paths.referrers(repository, subject)}/${algorithm}`
      const prefix = `${algorithm}:`
      const after = call.after.startsWith(prefix) ? call.after.slice(prefix.length) : ''
      for await (const { name } of storage.list(folder, { signal: call.signal, after })) {
        if (isAfter(`${prefix}${name}`, call.after)) yield `${prefix}${name}` as Digest
      }
    }
  }

  /** Sorted. */
  async function underFallbackTag(repository: string, subject: Digest, { signal }: Call) {
    const tag = `${algorithmOf(subject)}-${hexOf(subject).slice(0, 64)}`
    const digest = isTag(tag) ? await tags.find(repository, tag, { signal }) : undefined
    if (!digest) return []
    const known = children.get(digest)
    if (known) return known
    const found = await described.find(repository, digest, { signal })
    const index = found && (await described.read(found, { signal }))
    const digests = new Set(index?.manifests.map((child) => child.digest))
    const sorted = [...digests].sort()
    if (index) children.set(digest, sorted)
    return sorted
  }
}

function isAfter(text: string, after: string): boolean {
  return isDigest(text) && text > after
}
