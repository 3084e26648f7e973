/**
 * Requests to one registry: let in where it wants a login, sent on where it redirects, and not sent while it says
 * that it was asked too often.
 */
import type { Authorization } from './access/authorization.ts'
import { failureOf, isMissingElsewhere, limited } from './refusals.ts'
import { discard } from './wire/bodies.ts'
import type { Follow, Found, Sent } from './wire/follow.ts'
import { findRateLimit, type RateLimit } from './wire/limits.ts'
import { createPauses, sortOf } from './wire/pauses.ts'
import { isSameOrigin } from './wire/redirects.ts'
import { headerOf, type Times } from './wire/transport.ts'

export type Call = {
  signal?: AbortSignal | undefined
  /** The `Via` of the request that this one is made for: `via.ts`. */
  via?: string | undefined
}

export type Asked = Call & {
  method: Sent['method']
  /** A path below the registry's root, or an address that it named. */
  to: string | URL
  scopes: readonly string[]
  headers?: Record<string, string> | undefined
  body?: Sent['body']
  /** Statuses that the caller reads; all others are thrown. */
  expects: readonly number[]
}

type Parts = {
  upstream: URL
  times: Times
  follow: Follow
  authorization: Authorization
  /** The name of this installation. */
  installation: string | undefined
}

export type Requests = ReturnType<typeof createRequests>

export function createRequests({ upstream, times, follow, authorization, installation }: Parts) {
  const pauses = createPauses()
  let rateLimit: RateLimit | undefined

  return {
    upstream,
    times,
    rateLimit: () => rateLimit,

    /** The answer has one of the statuses in `expects`; its body has to be read or discarded. */
    async ask(asked: Asked): Promise<Found> {
      const { signal, expects, method } = asked
      signal?.throwIfAborted()
      const url = addressOf(asked.to)
      const sort = sortOf(method, url)
      const pause = pauses.find(sort)
      if (pause) throw limited(upstream, pause)

      const found = await letIn(asked, url)
      rateLimit = findRateLimit(found, Date.now()) ?? rateLimit
      if (expects.includes(found.status) && !isMissingElsewhere(found, url)) return found
      discard(found)
      if (found.status === 401 && isSameOrigin(found.url, upstream)) {
        throw await authorization.refusal(401, signal)
      }
      const failure = failureOf(found, { asked: url, upstream })
      if (failure.retryAt) pauses.begin(sort, failure.retryAt)
      throw failure
    },
  }

  async function letIn(asked: Asked, url: URL): Promise<Found> {
    const { signal, scopes, via } = asked
    const sent = { ...asked, url, headers: asked.headers ?? {} }
    const steps = [via, installation && `1.1 ${installation}`].filter(Boolean).join(', ')
    const follows = (header: string | undefined) =>
      follow(sent, { ...(steps && { via: steps }), ...(header && { authorization: header }) })

    const header = await authorization.find(scopes, signal)
    const found = await follows(header)
    if (found.status !== 401 || !isSameOrigin(found.url, upstream)) return found
    discard(found)
    const challenge = headerOf(found, 'www-authenticate') ?? ''
    return follows(
      await authorization.findOther(scopes, { header, challenge, status: 401 }, signal),
    )
  }

  function addressOf(to: string | URL): URL {
    if (to instanceof URL) return to
    return new URL(`${upstream.pathname.replace(/\/$/, '')}${to}`, upstream)
  }
}

export const pathOf = (repository: string, rest: string) => `/v2/${repository}/${rest}`

export const scopeOf = (repository: string, actions: string) => [
  `repository:${repository}:${actions}`,
]
