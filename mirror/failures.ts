/** An upstream's failure as clients hear of it: an error where nothing is here, a warning where something is. */
import { RegistryError } from '../registry/protocol/errors.ts'
import { UpstreamError } from '../upstream/error.ts'
import type { Upstream } from '../upstream/registry.ts'

/** 502 or 504, with the upstream and the cause. Anything but a failure of the upstream stays what it is. */
export function toAnswer(error: unknown, limits: Record<string, string> = {}): unknown {
  if (!(error instanceof UpstreamError)) return error
  const { message, kind, upstream, status, retryAt } = error
  const seconds = retryAt && Math.max(1, Math.ceil((retryAt.getTime() - Date.now()) / 1000))
  return new RegistryError(kind === 'timeout' ? 'upstreamTimeout' : 'upstreamFailed', {
    more: message,
    detail: { upstream, kind, status },
    headers: { ...limits, ...(seconds !== undefined && { 'Retry-After': `${seconds}` }) },
    cause: error,
  })
}

/** How often the upstream may be asked, as it said last, in the headers of Docker Hub. */
export function limitHeaders({ rateLimit }: Pick<Upstream, 'rateLimit'>): Record<string, string> {
  const { limit, remaining, windowSeconds } = rateLimit() ?? {}
  const write = (count: number) => (windowSeconds ? `${count};w=${windowSeconds}` : `${count}`)
  return {
    ...(limit !== undefined && { 'RateLimit-Limit': write(limit) }),
    ...(remaining !== undefined && { 'RateLimit-Remaining': write(remaining) }),
  }
}

/** The header that says that an answer may be old (RFC 7234, 5.5.1). */
export function staleWarning(cause: string): string {
  const text = cause.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, "'")
  return `110 kura "the last known answer is sent; ${text.slice(0, 300)}"`
}
