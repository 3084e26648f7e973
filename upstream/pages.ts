/** A list that comes in pages, each of which names the next one in `Link`: read to its end, within bounds. */
import { UpstreamError } from './error.ts'
import type { Call, Requests } from './requests.ts'
import { discard, readWhole } from './wire/bodies.ts'
import type { Found } from './wire/follow.ts'
import { isSameOrigin } from './wire/redirects.ts'
import { headerOf } from './wire/transport.ts'

const largestPage = 8 * 1024 * 1024
const mostEntries = 1_000_000

export type List<T> = {
  first: string
  scopes: readonly string[]
  /** Its name in messages. */
  what: string
  read: (document: unknown) => T[]
}

/** Undefined where the registry has no such list. */
export async function readPages<T>(
  requests: Requests,
  list: List<T>,
  call: Call,
): Promise<T[] | undefined> {
  const { scopes, what, read } = list
  const upstream = requests.upstream.host
  const entries: T[] = []
  const seen = new Set<string>()
  let to: string | URL | undefined = list.first
  while (to !== undefined) {
    const expects = [200, 404, 405]
    const found: Found = await requests.ask({ ...call, method: 'GET', to, scopes, expects })
    if (found.status !== 200) {
      discard(found)
      return undefined
    }
    const bounds = { upstream, what, mostBytes: largestPage, wholeMs: requests.times.whole }
    const bytes = await readWhole(found, { ...bounds, signal: call.signal })
    for (const entry of readDocument(upstream, bytes, { what, read })) entries.push(entry)
    if (entries.length > mostEntries) {
      throw new UpstreamError('large', upstream, `${what} has more than ${mostEntries} entries`)
    }
    to = nextPage(requests.upstream, found, what)
    if (to) requireNew(upstream, seen, { to, what })
  }
  return entries
}

function requireNew(upstream: string, seen: Set<string>, { to, what }: { to: URL; what: string }) {
  if (!seen.has(to.href)) return void seen.add(to.href)
  throw new UpstreamError('fault', upstream, `${what} begins again and again`)
}

function nextPage(upstream: URL, found: Found, what: string): URL | undefined {
  const link = headerOf(found, 'link') ?? ''
  const target = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(link)?.[1]
  if (target === undefined) return undefined
  const url = ownAddress(upstream, target, found.url)
  if (url) return url
  throw new UpstreamError('fault', upstream.host, `${what} goes on elsewhere`)
}

/** An address that the registry names. Its path is right even where a proxy hides the registry's own address from it. */
export function ownAddress(upstream: URL, text: string, from: URL): URL | undefined {
  const url = URL.canParse(text, from) ? new URL(text, from) : undefined
  if (url && isSameOrigin(url, upstream)) return url
  return url?.hostname === upstream.hostname
    ? new URL(url.pathname + url.search, upstream)
    : undefined
}

export function readDocument<T>(
  upstream: string,
  bytes: Buffer,
  { what, read }: Pick<List<T>, 'what' | 'read'>,
): T[] {
  try {
    return read(JSON.parse(bytes.toString('utf8')))
  } catch (cause) {
    throw new UpstreamError('fault', upstream, `${what} cannot be read`, { cause })
  }
}
