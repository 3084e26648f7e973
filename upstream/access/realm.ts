/**
 * Which token server gets the login. A registry names it in its challenge, so an answer that somebody changed on its
 * way, or an upstream in wrong hands, could send the login anywhere: it goes to the registry's own host or domain,
 * as with Docker Hub (registry-1.docker.io and auth.docker.io), and to hosts that the settings name.
 */
import { parse } from 'tldts'
import { UpstreamError } from '../error.ts'

/** The address that a challenge names; throws unless it may be asked at all, even without a login. */
export function parseRealm(text: string | undefined, upstream: URL): URL {
  const refuse = (why: string) =>
    new UpstreamError('unauthorized', upstream.host, `its token server ${why}`)
  if (text === undefined || !URL.canParse(text, upstream)) throw refuse('has no address')
  const realm = new URL(text, upstream)
  if (realm.username || realm.password) throw refuse('has a login in its address')
  if (realm.protocol === 'https:') return realm
  const isHere = realm.protocol === 'http:' && realm.hostname === upstream.hostname
  if (isHere && upstream.protocol === 'http:') return realm
  throw refuse(
    `has the address ${realm.origin}: it has to be https, or http on the registry's own host`,
  )
}

/** `others` are further hosts of token servers. */
export function mayHaveLogin(realm: URL, upstream: URL, others: readonly string[] = []): boolean {
  if (realm.hostname === upstream.hostname || others.includes(realm.host)) return true
  const domain = realm.protocol === 'https:' ? domainOf(realm) : undefined
  return domain !== undefined && domain === domainOf(upstream)
}

/**
 * What somebody can register: `docker.io`, or a user's part of a host where each user has one. Undefined where the
 * list knows no such ending: in `ec2.internal`, each machine is somebody's.
 */
function domainOf({ hostname }: URL): string | undefined {
  const { domain, isIcann, isPrivate } = parse(hostname, { allowPrivateDomains: true })
  return isIcann || isPrivate ? (domain ?? undefined) : undefined
}
