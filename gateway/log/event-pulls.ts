/**
 * Which reads of manifests are one pull: clients ask what a tag means before they read by digest, and
 * after an index they read the images in it. A pull is told once, with the tag where there was one.
 */
import { LRUCache } from 'lru-cache'
import { knownShape } from '../../registry/protocol/media-types.ts'

export type ManifestRead = {
  /** The user, the address and the repository. */
  reader: string
  isHead: boolean
  reference: string
  digest: string
  mediaType: string
}

/** A read of an image by its tag is a pull, whatever was read before. */
export function needsMemory({ isHead, reference, mediaType }: ManifestRead): boolean {
  return isHead || reference.includes(':') || knownShape(mediaType) === 'index'
}

type Options = {
  /** How long the requests of a pull may be apart. */
  idleMs?: number
  most?: number
  now?: () => number
}

export function createPulls({ idleMs = 60_000, most = 1_000, now = Date.now }: Options = {}) {
  const tags = new LRUCache<string, { tag: string; at: number }>({ max: most })
  const indexes = new LRUCache<string, number>({ max: most })

  /** The reference by which the pull is told, or undefined where it is not one of its own. */
  return (read: ManifestRead): string | undefined => {
    const { reader, isHead, reference, digest } = read
    const key = `${reader} ${digest}`
    const isTag = !reference.includes(':')
    if (isHead) {
      if (isTag) tags.set(key, { tag: reference, at: now() })
      return undefined
    }
    if (isWithinAnother(read)) return undefined
    const asked = isTag ? undefined : tags.get(key)
    return asked && isRecent(asked.at) ? asked.tag : reference
  }

  function isWithinAnother({ reader, reference, mediaType }: ManifestRead): boolean {
    if (knownShape(mediaType) !== 'index') {
      return reference.includes(':') && isRecent(indexes.get(reader))
    }
    indexes.set(reader, now())
    return false
  }

  function isRecent(at = Number.NEGATIVE_INFINITY): boolean {
    return now() - at <= idleMs
  }
}
