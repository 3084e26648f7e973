/** What a mirror lets through: the repositories and tags of an upstream that may be asked for here. */
import { compilePatterns } from '../policies/engine/pattern.ts'
import { RegistryError } from '../registry/protocol/errors.ts'
import type { Patterns } from './settings.ts'

type Filtered = { name: string; repositories: Patterns; tags: Patterns }
type Asked = { remote: string; tag: string | undefined }

/** `refuse` throws `notMirrored` for what the settings leave out, whether it is here or not. */
export function createFilter({ name, repositories, tags }: Filtered) {
  const allowsRepository = allowing(repositories, (text) => text.toLowerCase())
  const allowsTag = allowing(tags, (text) => text)
  return {
    allowsRepository,
    allowsTag,
    /** Whether no repository is left out. */
    allowsAll: repositories.allow.length + repositories.deny.length === 0,
    refuse({ remote, tag }: Asked): void {
      const isAllowed = allowsRepository(remote) && (tag === undefined || allowsTag(tag))
      if (isAllowed) return
      const what = allowsRepository(remote) ? `tag ${tag} of ${remote}` : remote
      throw new RegistryError('notMirrored', {
        more: `${what} of ${name}`,
        detail: { name: remote },
      })
    },
  }
}

export type Filter = ReturnType<typeof createFilter>

/**
 * As in a policy, what is denied is so in any case of its repository's letters: an upstream may have one
 * repository under many. To be allowed, it is spelled as `allow` has it.
 */
function allowing({ allow, deny }: Patterns, fold: (text: string) => string) {
  const allowed = allow.length > 0 ? compilePatterns(allow) : () => true
  const denied = compilePatterns(deny.map(fold))
  return (text: string) => allowed(text, undefined) && !denied(fold(text), undefined)
}
