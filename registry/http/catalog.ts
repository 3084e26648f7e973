/** GET /v2/_catalog: the names of all repositories, an extension of registry:2 that tools rely on. */
import type { Repositories } from '../content/repositories/repositories.ts'
import { RegistryError } from '../protocol/errors.ts'
import { nextLink, parsePage, takePage } from '../protocol/page.ts'
import { answerJson, type CallContext, type Handlers, queryOf } from './context.ts'
import type { Locations } from './locations.ts'

const usualPage = 100

type Parts = { repositories: Repositories; locations: Locations; largestPage: number }

export function catalogHandlers({ repositories, locations, largestPage }: Parts): Handlers {
  return { GET: list }

  async function list(ctx: CallContext) {
    const { signal, may, seesAll } = ctx.state
    const { size = Math.min(usualPage, largestPage), last } = parsePage(queryOf(ctx))
    if (size > largestPage) {
      const more = `${largestPage} are allowed (catalog.maxentries)`
      throw new RegistryError('pageTooLarge', { more, detail: { n: size, allowed: largestPage } })
    }
    const call = { signal, ...(last && { after: last }) }
    // Before pages are counted, so that none is short and no link names what is hidden.
    const isVisible = (repository: string) => may({ action: 'list', repository })
    const source = seesAll() ? repositories.list(call) : repositories.listVisible(isVisible, call)
    const { items, more } = await takePage(source, size)
    if (more) ctx.set('Link', nextLink(locations.page(ctx), { n: size, last: items.at(-1) ?? '' }))
    answerJson(ctx, { repositories: items })
  }
}
