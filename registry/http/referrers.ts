/** GET /v2/<name>/referrers/<digest> ("Listing Referrers"). Never 404: nothing refers is an answer. */
import type { Referrers } from '../content/referrers/referrers.ts'
import { parseDigest } from '../protocol/digest.ts'
import { imageIndex } from '../protocol/media-types.ts'
import { nextLink, parsePage } from '../protocol/page.ts'
import { type CallContext, type Handlers, queryOf } from './context.ts'
import type { Locations } from './locations.ts'

const largestPage = 1000

type Parts = { referrers: Referrers; locations: Locations }

export function referrersHandlers({ referrers, locations }: Parts): Handlers {
  return { GET: list }

  async function list(ctx: CallContext) {
    const { signal, target } = ctx.state
    const subject = parseDigest(target.reference)
    const query = queryOf(ctx)
    const { size = largestPage, last } = parsePage(query)
    const artifactType = typeOf(query.get('artifactType'))

    const wanted = { size: Math.min(size, largestPage), after: last, artifactType, signal }
    const { descriptors, next } = await referrers.page(target.repository, subject, wanted)
    if (artifactType) ctx.set('OCI-Filters-Applied', 'artifactType')
    if (next) {
      const cursor = { n: wanted.size, last: next }
      const filter: Record<string, string> = artifactType ? { artifactType } : {}
      ctx.set('Link', nextLink(locations.page(ctx), { ...cursor, ...filter }))
    }
    ctx.set('Content-Type', imageIndex)
    ctx.body = indexOf(descriptors)
  }
}

/** The descriptors are JSON by now. As bytes, for these are what waits for a slow client. */
function indexOf(descriptors: string[]): Buffer {
  const before = `{"schemaVersion":2,"mediaType":"${imageIndex}","manifests":[`
  return Buffer.from(`${before}${descriptors.join(',')}]}\n`)
}

/** A media type has no blank, so one that came out of the query was an unescaped plus sign. */
function typeOf(artifactType: string | null): string | undefined {
  return artifactType?.replaceAll(' ', '+') || undefined
}
