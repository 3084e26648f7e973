/** The `Location` of what was made, and the links to further pages. */
import { type LocationRules, writeLocation } from '../protocol/location.ts'
import { carriedIn } from '../uploads/bucket/signed-state.ts'
import type { CallContext } from './context.ts'

export type Locations = ReturnType<typeof createLocations>

export function createLocations(rules: LocationRules) {
  return {
    /** With what the client is to bring along when it goes there. */
    upload(
      ctx: CallContext,
      { id, carried }: { id: string; carried?: string | undefined },
    ): string {
      const query = carried === undefined ? '' : `?${carriedIn}=${carried}`
      return locate(ctx, `blobs/uploads/${id}${query}`)
    },
    blob: (ctx: CallContext, digest: string) => locate(ctx, `blobs/${digest}`),
    manifest: (ctx: CallContext, digest: string) => locate(ctx, `manifests/${digest}`),
    /** The path of this request as the client sees it, for links to a next page. */
    page: (ctx: CallContext) => rules.prefix.slice(0, -1) + ctx.path,
  }

  function locate({ state }: CallContext, rest: string): string {
    return writeLocation(rules, `/v2/${state.target.repository}/${rest}`, state.origin)
  }
}
