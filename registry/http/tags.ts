/** GET /v2/<name>/tags/list ("Listing Tags"). */
import type { Repositories } from '../content/repositories/repositories.ts'
import type { Tags } from '../content/tags/tags.ts'
import { RegistryError } from '../protocol/errors.ts'
import { nextLink, parsePage, takePage } from '../protocol/page.ts'
import { answerJson, type CallContext, type Handlers, queryOf } from './context.ts'
import type { Locations } from './locations.ts'

type Parts = { tags: Tags; repositories: Repositories; locations: Locations; largestPage: number }

export function tagsHandlers({ tags, repositories, locations, largestPage }: Parts): Handlers {
  return { GET: list }

  async function list(ctx: CallContext) {
    const { signal, target } = ctx.state
    const { size, last } = parsePage(queryOf(ctx))
    if (!(await repositories.exists(target.repository, { signal }))) {
      throw new RegistryError('repositoryUnknown', { detail: { name: target.repository } })
    }
    // Without `n` the list is not cut into pages: older clients do not ask for the next one.
    const wanted = size === undefined ? Number.POSITIVE_INFINITY : Math.min(size, largestPage)
    const source = tags.list(target.repository, { signal, ...(last && { after: last }) })
    const { items, more } = await takePage(source, wanted)
    if (more) {
      ctx.set('Link', nextLink(locations.page(ctx), { n: wanted, last: items.at(-1) ?? '' }))
    }
    answerJson(ctx, { name: target.repository, tags: items })
  }
}
