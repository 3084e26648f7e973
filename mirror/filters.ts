/** What a mirror lets through: the repositories and tags of an upstream that may be asked for here. */
import { compilePatterns } from '../policies/engine/pattern.ts'
import { RegistryError } from '../registry/protocol/errors.ts'
import type { Patterns } from './settings.ts'

type Filtered = { name: string; repositories: Patterns; tags: Patterns }
type Asked = { remote: string; tag: string | undefined }

/** Throws `notMirrored` for what the settings leave out, whether it is here or not. */
export function createFilter({ name, repositories, tags }: Filtered) {
  const allowsRepository = allowing(repositories)
  const allowsTag = allowing(tags)
  return {
    allowsTag,
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

function allowing({ allow, deny }: Patterns): (text: string) => boolean {
  const allowed = allow.length > 0 ? compilePatterns(allow) : () => true
  const denied = compilePatterns(deny)
  return (text) => allowed(text, undefined) && !denied(text, undefined)
}
