/** A client that sends what it is told, path and all, and judges nothing that comes back. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

export type Sent = { headers?: Record<string, string>; body?: Uint8Array | string }
export type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer; text: string }
export type Client = ReturnType<typeof createClient>

/** `base` is asked for at each request, as a registry may not be up yet when a test is described. */
export function createClient(base: () => string) {
  const agent = new Agent({ keepAlive: true })
  const verb = (method: string) => (path: string, sent?: Sent) => send(method, path, sent)

  return {
    send,
    get: verb('GET'),
    head: verb('HEAD'),
    post: verb('POST'),
    patch: verb('PATCH'),
    put: verb('PUT'),
    remove: verb('DELETE'),
    close: () => agent.destroy(),
  }

  async function send(method: string, path: string, { headers, body }: Sent = {}): Promise<Answer> {
    const { hostname, port } = new URL(base())
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const outgoing = request({ hostname, port, method, path, headers: { ...headers }, agent })
    if (body !== undefined && !outgoing.hasHeader('transfer-encoding')) {
      if (!outgoing.hasHeader('content-length')) {
        outgoing.setHeader('Content-Length', Buffer.byteLength(body))
      }
    }
    outgoing.once('error', reject).once('response', (response) => {
      buffer(response).then((bytes) => {
        const { statusCode: status = 0, headers } = response
        resolve({ status, headers, body: bytes, text: bytes.toString() })
      }, reject)
    })
    outgoing.end(body)
    return promise
  }
}

/** Goes where a path with slashes too many leads to: a path alone, and the last one. */
export async function follow(client: Pick<Client, 'send'>, method: string, path: string) {
  const answer = await client.send(method, path)
  if (answer.status !== 301) return answer
  const { location = '' } = answer.headers
  if (!/^\/v2\/[^/]/.test(location)) throw new Error(`${path} leads to ${location}`)
  return client.send(method, location)
}

/** The JSON of an answer. */
export function jsonOf<T = Record<string, unknown>>({ text }: Answer): T {
  return JSON.parse(text)
}

/** Where an answer says to go on, with `parameters` added to its query. */
export function locationOf({ headers }: Answer, parameters: Record<string, string> = {}): string {
  const url = new URL(headers.location ?? '', 'http://registry.example')
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value)
  return url.pathname + url.search
}

/** The path that an answer's `Link` leads to; undefined on the last page. */
export function nextOf({ headers }: Answer): string | undefined {
  const link = String(headers.link ?? '')
  return link ? /^<([^>]+)>; rel="next"$/.exec(link)?.[1] : undefined
}
