/** The list of tags: that of the upstream, and where it fails, of the tags that are here. */
import { answerJson, type CallContext, type Handler, queryOf } from '../../registry/http/context.ts'
import type { Locations } from '../../registry/http/locations.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import { nextLink, parsePage } from '../../registry/protocol/page.ts'
import { UpstreamError } from '../../upstream/error.ts'
import { staleWarning } from '../failures.ts'
import { answered, type MirrorContext, type MirrorHandler } from './context.ts'

type Parts = { answer: Handler; largestPage: number; locations: Locations }

export function tagsAnswer({ answer, largestPage, locations }: Parts): MirrorHandler {
  return async (ctx, mirrored) => {
    try {
      const tags = await list(ctx, mirrored)
      if (!tags) throw new RegistryError('repositoryUnknown', { detail: mirrored.repository })
      answerPage(ctx, mirrored.repository, tags)
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error
      if (!(await answered(ctx, { answer, unless: 'repositoryUnknown' }))) throw error
      ctx.set('Warning', staleWarning(error.message))
    }
  }

  /** In byte order; undefined where the upstream has no such repository. */
  async function list(ctx: CallContext, { source, filter }: MirrorContext) {
    const { upstream, remote, via } = source
    const tags = await upstream.tags(remote, { signal: ctx.state.signal, via })
    return tags?.filter(filter.allowsTag).sort()
  }

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
