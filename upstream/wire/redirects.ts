/** Where a redirect may lead. */
import { UpstreamError } from '../error.ts'

export const mostRedirects = 5

/** The next address; throws where nobody may follow. Credentials stay behind: `isSameOrigin`. */
export function nextAddress(from: URL, location: string | undefined, upstream: string): URL {
  const refuse = (why: string) => new UpstreamError('redirect', upstream, `it redirects ${why}`)
  if (location === undefined) throw refuse('without saying where')
  if (!URL.canParse(location, from)) throw refuse('to something that is no address')
  const to = new URL(location, from)
  if (to.protocol !== 'https:' && to.protocol !== 'http:') throw refuse(`to ${to.protocol}`)
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw refuse(`from https to http://${to.host}`)
  }
  if (to.username || to.password) throw refuse(`to ${to.host} with a login in the address`)
  return to
}

/** Scheme, host and port are the same. */
export const isSameOrigin = (one: URL, other: URL) => one.origin === other.origin

/**
 * Whether `url`, to which a redirect led, is the same endpoint of a registry as was asked, and no storage behind one:
 * registry.k8s.io, for example, sends all requests on to another registry.
 */
export function isSameEndpoint(url: URL, asked: URL): boolean {
  if (url.href === asked.href) return true
  const [kind, name] = asked.pathname.split('/').slice(-2)
  return url.pathname.includes('/v2/') && url.pathname.endsWith(`/${kind}/${name}`)
}
