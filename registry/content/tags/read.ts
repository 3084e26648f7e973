/** The tags of a repository and the digest that each names now, as storage has them. */
import { fewAtOnce } from '../../pace/few-at-once.ts'
import type { Digest } from '../../protocol/digest.ts'
import { isTag, type Tag } from '../../protocol/name.ts'
import type { Call } from '../../storage/driver.ts'
import type { ReadableStorage } from '../../storage/fenced.ts'
import type { Links } from '../links.ts'
import { paths } from '../paths.ts'

type After = Call & { after?: string }
type Parts = {
  storage: ReadableStorage
  links: Links
  /** How many tags are read at once to find those that name a manifest. */
  lookups?: number | undefined
}

export function createTagReads({ storage, links, lookups }: Parts) {
  return { find, listNames, list, naming }

  async function find(repository: string, tag: Tag, call?: Call): Promise<Digest | undefined> {
    return links.read(paths.tagCurrent(repository, tag), call)
  }

  /** Those of `list`, and such as a crash left half made: quick to get, for no tag is read. */
  async function listNames(repository: string, call?: After): Promise<Tag[]> {
    const entries = await Array.fromAsync(storage.list(paths.tags(repository), call))
    return entries.flatMap(({ name, isFolder }) => (isFolder && isTag(name) ? [name] : []))
  }

  /** Tags in byte order, those after the name `after`. A tag that a crash left half made is none. */
  async function* list(repository: string, call?: After): AsyncIterable<Tag> {
    for await (const [tag, digest] of current(repository, call)) if (digest) yield tag
  }

  /** The tags that name `digest` now. */
  async function naming(repository: string, digest: Digest, call?: Call): Promise<Tag[]> {
    const found: Tag[] = []
    for await (const [tag, named] of current(repository, call, lookups)) {
      if (named === digest) found.push(tag)
    }
    return found
  }

  /** Each tag with what it names. */
  async function* current(repository: string, call?: After, most?: number) {
    yield* fewAtOnce(await listNames(repository, call), (tag) => find(repository, tag, call), most)
  }
}
