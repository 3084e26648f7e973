/** The list of tags: that of the upstream, and where it fails or knows nothing, of the tags that are here. */
import type { Repositories } from '../../registry/content/repositories/repositories.ts'
import type { Tags } from '../../registry/content/tags/tags.ts'
import { answerJson, type CallContext, queryOf } from '../../registry/http/context.ts'
import type { Locations } from '../../registry/http/locations.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import { nextLink, parsePage } from '../../registry/protocol/page.ts'
import { UpstreamError } from '../../upstream/error.ts'
import { staleWarning } from '../failures.ts'
import type { MirrorContext, MirrorHandler } from './context.ts'

type Parts = { tags: Tags; repositories: Repositories; largestPage: number; locations: Locations }

export function tagsAnswer({ tags, repositories, largestPage, locations }: Parts): MirrorHandler {
  return async (ctx, mirrored) => {
    const { found, failure, error } = await ask(ctx, mirrored)
    const names = found ?? (await listHere(ctx, mirrored))
    if (!names) throw error
    if (failure !== undefined) ctx.set('Warning', staleWarning(failure))
    const allowed = names.filter(mirrored.filter.allowsTag)
    answerPage(ctx, mirrored.repository, allowed.sort())
  }

  /** `error` is for clients where nothing is here either. */
  async function ask(ctx: CallContext, { repository, source }: MirrorContext) {
    const { upstream, remote, via } = source
    try {
      const found = await upstream.tags(remote, { signal: ctx.state.signal, via })
      if (found) return { found }
      const error = new RegistryError('repositoryUnknown', { detail: { name: repository } })
      return { failure: `${upstream.name}: it has no such repository any more`, error }
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      return { failure: error.message, error }
    }
  }

  async function listHere({ state: { signal } }: CallContext, { repository }: MirrorContext) {
    if (!(await repositories.exists(repository, { signal }))) return undefined
    return Array.fromAsync<string>(tags.list(repository, { signal }))
  }

  /** In byte order. */
  function answerPage(ctx: CallContext, name: string, tags: string[]): void {
    const { size, last } = parsePage(queryOf(ctx))
    const wanted = size === undefined ? Number.POSITIVE_INFINITY : Math.min(size, largestPage)
    const after = last ? tags.filter((tag) => tag > last) : tags
    const page = after.slice(0, wanted)
    if (page.length < after.length && page.length > 0) {
      ctx.set('Link', nextLink(locations.page(ctx), { n: wanted, last: page.at(-1) ?? '' }))
    }
    answerJson(ctx, { name, tags: page })
  }
}
