/** Pages of tags, repositories and referrers: the `n` and `last` parameters and the `Link` header. */
import { RegistryError } from './errors.ts'

/** `size` undefined means that the client left it to the server. */
export type Page = { size: number | undefined; last: string | undefined }

/** Throws `badPage` when `n` is not a whole number from 0 on. */
export function parsePage(query: URLSearchParams): Page {
  const n = query.get('n') ?? undefined
  const last = query.get('last') ?? undefined
  if (n === undefined || n === '') return { size: undefined, last }
  if (!/^\d{1,50}$/.test(n)) throw new RegistryError('badPage', { detail: { n: n.slice(0, 50) } })
  return { size: Number(n), last }
}

/** The header that leads to the page after `last` (RFC 8288): relative, keys in order, values escaped. */
export function nextLink(path: string, parameters: Record<string, string | number>): string {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(parameters)) query.set(key, String(value))
  query.sort()
  return `<${path}?${query}>; rel="next"`
}

/** Takes one page from `source`, and looks one item further to know whether there is another. */
export async function takePage<T>(
  source: AsyncIterable<T>,
  size: number,
): Promise<{ items: T[]; more: boolean }> {
  const items: T[] = []
  if (size === 0) return { items, more: false }
  for await (const item of source) {
    if (items.length === size) return { items, more: true }
    items.push(item)
  }
  return { items, more: false }
}
