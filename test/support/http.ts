/** Requests as a container client makes them, whole or with a body that is sent bit by bit. */
import { type Agent, type IncomingHttpHeaders, request as open } from 'node:http'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'

type Options = {
  headers?: Record<string, string>
  body?: Uint8Array | string | AsyncIterable<Uint8Array>
  agent?: Agent
}

export type Answer = {
  status: number
  headers: IncomingHttpHeaders
  body: Buffer
}

/**
 * Rejects only when the connection breaks before the answer is complete. A question over a kept connection that
 * the server closes in that moment is asked again, as Go's clients do.
 */
export async function send(method: string, url: string, options: Options = {}): Promise<Answer> {
  const { body = '', ...rest } = options
  const { request, answer } = begin(method, url, rest)
  if (typeof body === 'string' || body instanceof Uint8Array) request.end(body)
  // An answer may come before the body is through; what then becomes of the rest does not matter.
  else pipeline(Readable.from(body), request).catch(() => {})
  let isAnswered = false
  request.once('response', () => {
    isAnswered = true
  })
  return answer.catch((error) => {
    const isQuestion = method === 'GET' || method === 'HEAD'
    if (isAnswered || !isQuestion || !request.reusedSocket || error.code !== 'ECONNRESET')
      throw error
    return send(method, url, options)
  })
}

/** Milliseconds after which a silent server is given up: a test that waits for ever says nothing of why. */
const silence = 120_000

/** A request whose body the caller writes. */
export function begin(method: string, url: string, { headers, agent }: Options = {}) {
  const { promise: answer, resolve, reject } = Promise.withResolvers<Answer>()
  const request = open(url, { method, headers, agent })
  request.on('error', reject)
  request.setTimeout(silence, () => {
    request.destroy(new Error(`${method} ${url}: nothing was heard for ${silence} ms`))
  })
  request.once('response', (response) => {
    const { statusCode: status = 0, headers } = response
    buffer(response).then((body) => resolve({ status, headers, body }), reject)
  })
  // The caller may look at it late, or never.
  answer.catch(() => {})
  return { request, answer }
}

/** Where an answer sends the client next, as a whole URL, with `query` put behind it. */
export function next(answer: Answer, base: string, query = ''): string {
  return withQuery(new URL(answer.headers.location ?? '', base).href, query)
}

/** The same URL, whatever its query is, with `query` put behind it. */
export function withQuery(target: string, query: string): string {
  const url = new URL(target)
  const parameters = new URLSearchParams(query)
  for (const [name, value] of parameters) url.searchParams.set(name, value)
  return url.href
}

/** How many bytes of an upload the registry says it has: `0-0` for none, as it also is for one. */
export function receivedBytes(answer: Answer): number {
  const last = /^0-(\d+)$/.exec(answer.headers.range ?? '')?.[1]
  return last === undefined || last === '0' ? 0 : Number(last) + 1
}
