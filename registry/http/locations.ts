/**
 * The `Location` of what was made. A path alone is right behind any proxy, so that is what clients
 * get unless `http.host` says how they reach the registry, or `http.relativeurls: false` asks for
 * whole URLs.
 */
import { carriedIn } from '../uploads/carried.ts'
import type { Context } from './context.ts'

export type LocationRules = {
  /** Scheme and authority, such as https://registry.example:8443. */
  host: string | undefined
  relative: boolean | undefined
  /** Begins and ends with a slash. */
  prefix: string
}

export type Locations = ReturnType<typeof createLocations>

export function createLocations({ host, relative, prefix }: LocationRules) {
  return {
    /** With what the client is to bring along when it goes there. */
    upload(ctx: Context, { id, carried }: { id: string; carried?: string | undefined }): string {
      const query = carried === undefined ? '' : `?${carriedIn}=${carried}`
      return locate(ctx, `blobs/uploads/${id}${query}`)
    },
    blob: (ctx: Context, digest: string) => locate(ctx, `blobs/${digest}`),
    manifest: (ctx: Context, digest: string) => locate(ctx, `manifests/${digest}`),
    /** The path of this request as the client sees it, for links to a next page. */
    page: (ctx: Context) => prefix.slice(0, -1) + ctx.path,
  }

  function locate(ctx: Context, rest: string): string {
    const path = `${prefix}v2/${ctx.state.target.repository}/${rest}`
    if (relative ?? host === undefined) return path
    return (host ?? ctx.state.origin).replace(/\/+$/, '') + path
  }
}
