/**
 * All that tags reach: the manifests that they name, the children of an index at any depth, configurations and
 * layers. A manifest's `subject` is not among them: it is not needed to pull.
 */
import { LRUCache } from 'lru-cache'
import { fewAtOnce } from '../../pace/few-at-once.ts'
import type { Digest } from '../../protocol/digest.ts'
import { readStoredManifest } from '../../protocol/manifest.ts'
import type { Tag } from '../../protocol/name.ts'
import type { Manifests } from '../manifests/manifests.ts'
import type { Tags } from '../tags/tags.ts'

/** A digest, and a tag that reaches it. */
type Reached = [digest: Digest, tag: Tag]
type Parts = { content: Digest[]; children: Digest[] }

const mostBytes = 4 * 1024 * 1024
const bytesEach = 200

export function createReach({ tags, manifests }: { tags: Tags; manifests: Manifests }) {
  /** The parts of a manifest are a fact about its digest, and can be remembered. */
  const known = new LRUCache<Digest, Parts>({
    maxSize: mostBytes,
    sizeCalculation: ({ content, children }) => bytesEach * (1 + content.length + children.length),
  })
  return { reach }

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
