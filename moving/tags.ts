/** Which tags are copied, and which are removed at the destination. */
import picomatch from 'picomatch'
import type { Call, Destination, Source } from './places/place.ts'

export type Wanted = {
  source: Source
  patterns: readonly string[]
  /** So many of those that fit: the last ones in the order in which people count, v1.9 before v1.10. */
  newest?: number | undefined
  call: Call
}

const order = new Intl.Collator('en', { numeric: true })

export async function listTags({ source, patterns, newest, call }: Wanted): Promise<string[]> {
  const fits = picomatch([...patterns])
  const found = (await source.tags(call)).filter((tag) => fits(tag)).sort(order.compare)
  if (found.length > 0) return newest === undefined ? found : found.slice(-newest)
  throw new Error(`${source.name} has no tag such as ${patterns.join(' or ')}`)
}

/** Tags that fit and that the source has no more. A source without any that fit has failed before. */
export async function removeOthers(
  destination: Destination,
  { source, patterns, call }: Wanted,
  removed: (name: string) => void,
): Promise<void> {
  const { tags, removeTag } = destination
  if (!tags || !removeTag)
    throw new Error(`${destination.name}: tags are deleted in registries only`)
  const fits = picomatch([...patterns])
  const there = new Set(await source.tags(call))
  for (const tag of (await tags(call)).filter((it) => fits(it) && !there.has(it))) {
    await removeTag(tag, call)
    removed(`${destination.name}:${tag}`)
  }
}
