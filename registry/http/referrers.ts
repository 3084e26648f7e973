/** GET /v2/<name>/referrers/<digest> ("Listing Referrers"). Never 404: nothing refers is an answer. */
import type { Referrer, Referrers } from '../content/referrers.ts'
import { parseDigest } from '../spec/digest.ts'
import { imageIndex } from '../spec/media-types.ts'
import { nextLink, parsePage, takePage } from '../spec/page.ts'
import { answerJson, type Context, type Handlers, queryOf } from './context.ts'
import type { Locations } from './locations.ts'

const largestPage = 1000

type Parts = { referrers: Referrers; locations: Locations }

export function referrersHandlers({ referrers, locations }: Parts): Handlers {
  return { GET: list }

  async function list(ctx: Context) {
    const { signal, target } = ctx.state
    const subject = parseDigest(target.reference)
    const query = queryOf(ctx)
    const { size = largestPage, last } = parsePage(query)
    const artifactType = typeOf(query.get('artifactType'))

    const all = referrers.list(target.repository, subject, { signal, ...(last && { after: last }) })
    const wanted = Math.min(size, largestPage)
    const { items, more } = await takePage(ofType(artifactType, all), wanted)
    if (artifactType) ctx.set('OCI-Filters-Applied', 'artifactType')
    if (more) {
      const cursor = { n: wanted, last: items.at(-1)?.digest ?? '' }
      const filter: Record<string, string> = artifactType ? { artifactType } : {}
      ctx.set('Link', nextLink(locations.page(ctx), { ...cursor, ...filter }))
    }
    answerJson(ctx, { schemaVersion: 2, mediaType: imageIndex, manifests: items }, imageIndex)
  }
}

/** A media type has no blank, so one that came out of the query was an unescaped plus sign. */
function typeOf(artifactType: string | null): string | undefined {
  return artifactType?.replaceAll(' ', '+') || undefined
}

async function* ofType(type: string | undefined, referrers: AsyncIterable<Referrer>) {
  for await (const referrer of referrers) {
    if (type === undefined || referrer.artifactType === type) yield referrer
  }
}
