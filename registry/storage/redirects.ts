/**
 * What registry:2 and :3 call storage middleware: it changes where clients are sent for a value, and
 * nothing else. `cloudfront` is not among it.
 */
import { posix } from 'node:path'
import type { StorageDriver } from './driver.ts'

export type Step = {
  name: string
  options: {
    baseurl?: string | undefined
    scheme?: string | undefined
    host?: string | undefined
    trimpathprefix?: string | undefined
  }
}

type FindUrl = NonNullable<StorageDriver['url']>

/** `inner` is undefined where the driver has no URLs to give. */
type Middleware = (inner: FindUrl | undefined, options: Step['options']) => FindUrl | undefined

const known: Readonly<Record<string, Middleware>> = { redirect, rewrite }

/** The last of `steps` has the last word. */
export function withMiddleware(driver: StorageDriver, steps: readonly Step[]): StorageDriver {
  let url = driver.url
  for (const { name, options } of steps) {
    const middleware = Object.hasOwn(known, name) ? known[name] : undefined
    if (!middleware) {
      const allowed = Object.keys(known).join(' and ')
      throw new Error(`middleware.storage: "${name}" is not supported: allowed are ${allowed}`)
    }
    url = middleware(url, options)
  }
  return withUrl(driver, url)
}

type UrlRules = {
  disable: boolean
  /** Values that have fewer bytes are never worth sending a client elsewhere. */
  minsize: number
}

/** Leaves of the URLs that a driver gives those that clients are to be sent to. */
export function withUrlRules(driver: StorageDriver, { disable, minsize }: UrlRules): StorageDriver {
  const { url } = driver
  if (disable || !url) return withUrl(driver, undefined)
  return withUrl(driver, async (path, call) => (call.size < minsize ? undefined : url(path, call)))
}

function withUrl(driver: StorageDriver, url: FindUrl | undefined): StorageDriver {
  if (driver.url === url) return driver
  const { url: _, ...rest } = driver
  return url ? { ...rest, url } : rest
}

/** Everything is below one address, whatever the driver says; nobody signs anything. */
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
