/**
 * The storage middleware of registry:2 and :3: it changes where clients are sent for a value, and nothing
 * else. `cloudfront` is not supported.
 */
import { posix } from 'node:path'
import type { FindUrl } from './driver.ts'

export type Step = {
  name: string
  options: {
    baseurl?: string | undefined
    scheme?: string | undefined
    host?: string | undefined
    trimpathprefix?: string | undefined
  }
}

/** `inner` is undefined where the storage has no URLs to give. */
type Middleware = (inner: FindUrl | undefined, options: Step['options']) => FindUrl | undefined

const known: Readonly<Record<string, Middleware>> = { redirect, rewrite }

/** The last of `steps` has the last word. */
export function withMiddleware(
  given: FindUrl | undefined,
  steps: readonly Step[],
): FindUrl | undefined {
  let findUrl = given
  for (const { name, options } of steps) {
    const middleware = Object.hasOwn(known, name) ? known[name] : undefined
    if (!middleware) {
      const allowed = Object.keys(known).join(' and ')
      throw new Error(`middleware.storage: "${name}" is not supported: allowed are ${allowed}`)
    }
    findUrl = middleware(findUrl, options)
  }
  return findUrl
}

type UrlRules = {
  disable: boolean
  /** Values that have fewer bytes are never worth sending a client elsewhere. */
  minsize: number
}

/** Leaves of the URLs those that clients are to be sent to. */
export function withUrlRules(
  findUrl: FindUrl | undefined,
  { disable, minsize }: UrlRules,
): FindUrl | undefined {
  if (disable || !findUrl) return undefined
  return async (path, call) => (call.size < minsize ? undefined : findUrl(path, call))
}

/** All URLs are below one address, and none is signed. */
function redirect(_: FindUrl | undefined, { baseurl = '' }: Step['options']): FindUrl {
  const base = new URL(baseurl)
  return async (path) => {
    const url = new URL(base.origin)
    url.pathname = posix.join(base.pathname, path)
    return url.href
  }
}

/**
 * The same URL at another address. A signature of version 4 covers the host, so that only a proxy
 * which puts the first one back can follow it.
 */
function rewrite(inner: FindUrl | undefined, options: Step['options']): FindUrl | undefined {
  const { scheme, host, trimpathprefix = '' } = options
  return (
    inner &&
    (async (path, call) => {
      const found = await inner(path, call)
      if (found === undefined) return undefined
      const { protocol, host: own, pathname, search } = new URL(found)
      const trimmed = pathname.startsWith(trimpathprefix)
        ? pathname.slice(trimpathprefix.length)
        : pathname
      const start = `${scheme || protocol.slice(0, -1)}://${host || own}`
      return `${start}${trimmed.startsWith('/') ? '' : '/'}${trimmed}${search}`
    })
  )
}
