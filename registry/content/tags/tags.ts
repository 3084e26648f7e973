/** Tags: names that move. Each remembers the digest that it names now, and those before. */
import type { ReadableStorage } from '../../storage/fenced.ts'
import type { Links } from '../links.ts'
import { createTagMoves } from './moves.ts'
import { createPushedDigests } from './pushed-digest.ts'
import { createTagReads } from './read.ts'
import type { TagCache } from './tag-cache.ts'

export type Tags = ReturnType<typeof createTags>

type Options = { cache?: TagCache | undefined; lookups?: number | undefined }

export function createTags(storage: ReadableStorage, links: Links, options: Options = {}) {
  const { cache, lookups } = options
  const pushed = createPushedDigests(links, cache)
  return {
    ...createTagReads({ storage, links, lookups }),
    ...createTagMoves({ links, pushed, cache }),
    findPushed: pushed.find,
  }
}
