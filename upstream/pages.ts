/** A list that comes in pages, each of which names the next one in `Link`: read to its end, within bounds. */
import { type Kind, UpstreamError } from './error.ts'
import type { Call, Requests } from './requests.ts'
import { discard, readWhole } from './wire/bodies.ts'
import type { Found } from './wire/follow.ts'
import { isSameOrigin } from './wire/redirects.ts'
import { headerOf } from './wire/transport.ts'

const largestPage = 8 * 1024 * 1024
const mostEntries = 1_000_000
/** Of all pages together. */
const mostBytes = 256 * 1024 * 1024
/** Some registries leave out what a login may not see, and so send a page without an entry now and then. */
const mostEmpty = 100
const longestLink = 4096

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
  const requireMore = createBounds(requests, what)
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
    const page = readDocument(upstream, bytes, { what, read })
    for (const entry of page) entries.push(entry)
    to = nextPage(requests.upstream, found, what)
    if (to) requireMore({ to, entries: page.length, bytes: bytes.length })
  }
  return entries
}

type Page = { to: URL; entries: number; bytes: number }

/** Throws at the page after which a list that goes on is no list any more. */
function createBounds({ upstream, times }: Requests, what: string) {
  const end = performance.now() + times.list
  const seen = new Set<string>()
  const sum = { entries: 0, bytes: 0, empty: 0 }
  const failure = (kind: Kind, text: string) =>
    new UpstreamError(kind, upstream.host, `${what} ${text}`)

  return ({ to, entries, bytes }: Page): void => {
    sum.entries += entries
    sum.bytes += bytes
    if (entries === 0) sum.empty += 1
    if (seen.has(to.href)) throw failure('fault', 'begins again and again')
    seen.add(to.href)
    const texts = [
      sum.entries > mostEntries && `has more than ${mostEntries} entries`,
      sum.bytes > mostBytes && `has more than ${mostBytes} bytes`,
      sum.empty > mostEmpty && `has more than ${mostEmpty} pages without an entry`,
    ]
    const text = texts.find(Boolean)
    if (text) throw failure('large', text)
    if (performance.now() > end) throw failure('timeout', `has no end after ${times.list / 1000} s`)
  }
}

function nextPage(upstream: URL, found: Found, what: string): URL | undefined {
  const link = headerOf(found, 'link') ?? ''
  if (link.length > longestLink) {
    const text = `${what} has a Link of ${link.length} bytes; ${longestLink} are allowed`
    throw new UpstreamError('large', upstream.host, text)
  }
  const target = /<([^<>]*)>\s*;[^,<]*\brel="?next"?/i.exec(link)?.[1]
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
