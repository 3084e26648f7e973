/** One request and its answer, bounded in time: connections are kept for the next one, redirects are not followed. */
import type { lookup } from 'node:dns'
import * as tls from 'node:tls'
import { Agent, type Dispatcher } from 'undici'
import { type Body, watch } from './body-source.ts'
import { tooLate, toUpstreamError } from './failures.ts'
import { createReach } from './reach.ts'

export type Request = {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  headers: Record<string, string>
  body?: Body | undefined
  signal?: AbortSignal | undefined
}

export type Answer = {
  status: number
  headers: Record<string, string | string[] | undefined>
  /** Has to be read or given to `discard`. */
  body: Dispatcher.ResponseData['body']
}

/** In milliseconds. */
export type Times = {
  connect: number
  /** Until the head of the answer, counted from the end of the request. */
  answer: number
  /** Between two pieces of a body. */
  stall: number
  /** For all of an answer that is no blob. */
  whole: number
  /** For all pages of a list. */
  list: number
}

export const usualTimes: Times = {
  connect: 10_000,
  answer: 30_000,
  stall: 30_000,
  whole: 60_000,
  list: 600_000,
}

export type Trust = {
  /** In PEM form; trusted beside the authorities that Node knows. */
  ca?: string | undefined
  /** For `--tls-verify=false` of a person at a terminal alone. */
  anyCertificate?: boolean | undefined
}

export type Transport = ReturnType<typeof createTransport>

type Options = {
  upstream: URL
  times: Times
  trust?: Trust | undefined
  /** Hosts that the settings name beside the upstream. */
  hosts?: readonly string[] | undefined
  lookup?: typeof lookup
}

export function createTransport({ upstream, times, trust = {}, hosts, lookup }: Options) {
  const reach = createReach({ upstream, hosts, lookup })
  const agent = new Agent({
    connect: { timeout: times.connect, lookup: reach.lookup, ...securityOf(trust) },
    headersTimeout: times.answer,
    bodyTimeout: times.stall,
    maxHeaderSize: 32 * 1024,
    keepAliveTimeout: 10_000,
    connections: 256,
    allowH2: false,
  })

  return {
    times,

    async send(url: URL, request: Request): Promise<Answer> {
      const { signal } = request
      const { body, source } = watch(request.body)
      // A request may also wait for its turn, which no time-out of a connection counts.
      const late = new AbortController()
      const isShort = body === undefined || typeof body === 'string'
      const timer = isShort && setTimeout(() => late.abort(), times.connect + times.answer)
      try {
        reach.refuse(url)
        return await dispatch(url, { ...request, body }, late.signal)
      } catch (cause) {
        source.end()
        signal?.throwIfAborted()
        source.throwIfFailed()
        const where = { upstream: upstream.host, host: url.host }
        throw late.signal.aborted ? tooLate(where) : toUpstreamError(where, cause)
      } finally {
        if (timer) clearTimeout(timer)
      }
    },

    /** Ends what is under way. */
    close: () => agent.destroy(),
  }

  async function dispatch(url: URL, { method, headers, body, signal }: Request, late: AbortSignal) {
    const { statusCode, ...answer } = await agent.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: { 'accept-encoding': 'identity', ...headers },
      body: (body ?? null) as Dispatcher.RequestOptions['body'],
      signal: signal ? AbortSignal.any([signal, late]) : late,
    })
    return { status: statusCode, headers: answer.headers, body: answer.body }
  }
}

/** The context is made once: reading all authorities anew for each connection would take longer than the handshake. */
function securityOf({ ca, anyCertificate = false }: Trust) {
  const security = { rejectUnauthorized: !anyCertificate }
  if (ca === undefined) return security
  // What NODE_EXTRA_CA_CERTS adds is among these.
  const known = tls.getCACertificates('default')
  return { ...security, secureContext: tls.createSecureContext({ ca: [...known, ca] }) }
}

export function headerOf({ headers }: Pick<Answer, 'headers'>, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}
