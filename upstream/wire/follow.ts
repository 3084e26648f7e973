/** One request with its redirects: what lets us in goes to the registry's own origin, and nowhere else. */
import { UpstreamError } from '../error.ts'
import { discard } from './bodies.ts'
import type { Body } from './body-source.ts'
import { isSameOrigin, mostRedirects, nextAddress } from './redirects.ts'
import { type Answer, headerOf, type Request, type Transport } from './transport.ts'

export type Sent = {
  method: Request['method']
  url: URL
  headers: Record<string, string>
  /** Called for each try, so that a stream begins anew. */
  body?: (() => Body) | undefined
  signal?: AbortSignal | undefined
}

export type Found = Answer & { url: URL }

type Parts = {
  upstream: URL
  transport: Transport
  userAgent: string
}

export type Follow = ReturnType<typeof createFollow>

export function createFollow({ upstream, transport, userAgent }: Parts) {
  /** Only reads are sent on. `own` are the headers for the registry's origin alone. */
  return async function follow(sent: Sent, own: Record<string, string>): Promise<Found> {
    let { url } = sent
    let isOurs = isSameOrigin(url, upstream)
    for (let hops = 0; hops <= mostRedirects; hops++) {
      const headers = { 'user-agent': userAgent, ...(isOurs && own), ...sent.headers }
      const answer = await sendTwice({ ...sent, url, headers })
      if (!redirects.includes(answer.status)) return { ...answer, url }
      discard(answer)
      if (!isRead(sent.method)) {
        throw new UpstreamError('redirect', upstream.host, `it redirects a ${sent.method}`)
      }
      url = nextAddress(url, headerOf(answer, 'location'), upstream.host)
      // Another host may send us back, to an address of its own choice.
      isOurs &&= isSameOrigin(url, upstream)
    }
    const text = `it redirects more than ${mostRedirects} times`
    throw new UpstreamError('redirect', upstream.host, text)
  }

  /** A connection that was kept may end in the moment in which it is used again. */
  async function sendTwice({ url, body, ...request }: Sent): Promise<Answer> {
    try {
      return await transport.send(url, { ...request, body: body?.() })
    } catch (error) {
      const isCut = error instanceof UpstreamError && error.kind === 'cut'
      if (!isCut || !isRead(request.method)) throw error
      return transport.send(url, request)
    }
  }
}

const redirects = [301, 302, 303, 307, 308]
const isRead = (method: string) => method === 'GET' || method === 'HEAD'
