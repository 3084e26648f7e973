/** Refuses a token of another issuer that cannot be good, before its keys are looked for. */
import { quote } from './refused.ts'

const reserved = new Set(['robot', 'user', 'group'])

/** Throws for an issuer whose names could pass for those of another. */
export function refusePrefix({ issuer, prefix }: { issuer: string; prefix: string }): void {
  if (/^[a-z][a-z0-9-]*$/.test(prefix) && !reserved.has(prefix)) return
  throw new Error(`${quote(prefix)} cannot begin the names of ${issuer}`)
}

/** Throws for a URL that a machine on the way could answer in the issuer's place. */
export function refuseUnsafeUrl(url: string): void {
  const { protocol, hostname } = new URL(url)
  const isLocal = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
  if (protocol === 'https:' || (protocol === 'http:' && isLocal)) return
  throw new Error(`keys are only fetched over https: ${url}`)
}
