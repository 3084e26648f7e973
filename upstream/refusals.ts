/** Statuses that nobody expected, as errors. */
import { type Kind, UpstreamError } from './error.ts'
import type { Found } from './wire/follow.ts'
import { findRetryAt } from './wire/limits.ts'
import { isSameEndpoint, isSameOrigin } from './wire/redirects.ts'

const kinds: Record<number, [kind: Kind, text: string]> = {
  401: ['denied', 'does not allow this'],
  403: ['denied', 'does not allow this'],
  404: ['missing', 'has nothing there'],
  508: ['loop', 'is this installation itself, or leads back to it'],
}

type Where = { asked: URL; upstream: URL }

export function failureOf(found: Found, { asked, upstream }: Where): UpstreamError {
  const { status, url } = found
  if (status === 429) return limited(upstream, findRetryAt(found, Date.now()))
  const isOurs = isSameOrigin(url, upstream)
  const subject = isOurs ? 'it' : `${url.host}, to which it redirects,`
  if (isMissingElsewhere(found, asked)) {
    const text = `${url.host}, to which it redirects, does not have it (404)`
    return new UpstreamError('fault', upstream.host, text, { status })
  }
  const [kind, text] = kinds[status] ?? [status >= 500 ? 'fault' : 'rejected', 'does not do this']
  return new UpstreamError(kind, upstream.host, `${subject} ${text} (${status})`, { status })
}

/** The registry has what was asked for, as it redirects to it; the storage behind it has lost it. */
export const isMissingElsewhere = ({ status, url }: Found, asked: URL) =>
  status === 404 && !isSameEndpoint(url, asked)

export function limited(upstream: URL, retryAt: Date | undefined, subject = 'it'): UpstreamError {
  const until = retryAt ? `, and is to be left alone until ${retryAt.toISOString()}` : ''
  const text = `${subject} was asked too often (429)${until}`
  const options = { status: 429, ...(retryAt && { retryAt }) }
  return new UpstreamError('limited', upstream.host, text, options)
}
