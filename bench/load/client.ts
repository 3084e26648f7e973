/** Requests to one registry over connections that are kept, each of which has to succeed. */
import { createHash } from 'node:crypto'
import { Agent as HttpAgent, type IncomingHttpHeaders, request as openHttp } from 'node:http'
import { Agent as HttpsAgent, request as openHttps } from 'node:https'

export type Client = ReturnType<typeof createClient>

type Target = { url: string; authority?: string | undefined; connections: number }

type Options = {
  /** The status without which a request has failed. */
  expect: number
  headers?: Record<string, string>
  /** Sent one after the other. */
  body?: Uint8Array[]
  /** The digest of the answer's bytes; without it they are only counted. */
  digest?: string
}

type Answer = { headers: IncomingHttpHeaders; size: number }

export function createClient({ url, authority, connections }: Target) {
  const isSecure = new URL(url).protocol === 'https:'
  const keeping = { keepAlive: true, maxSockets: connections }
  const agent = isSecure ? new HttpsAgent({ ...keeping, ca: authority }) : new HttpAgent(keeping)
  const open = isSecure ? openHttps : openHttp

  /** `place` is a path, or where an answer said to go on. */
  async function send(method: string, place: string, options: Options): Promise<Answer> {
    const { expect, headers = {}, body = [], digest } = options
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const length = body.reduce((sum, part) => sum + part.length, 0)
    const sized = { ...headers, ...(hasBody(method) && { 'Content-Length': `${length}` }) }
    const request = open(new URL(place, url), { method, headers: sized, agent })
    request.once('error', reject)
    request.once('response', (response) => {
      const hash = digest ? createHash('sha256') : undefined
      const wrong = response.statusCode !== expect
      let size = 0
      let text = ''
      response.on('data', (chunk: Buffer) => {
        size += chunk.length
        hash?.update(chunk)
        if (wrong) text += chunk
      })
      response.once('error', reject)
      response.once('end', () => {
        const said = `${method} ${place} answered`
        if (wrong) return reject(new Error(`${said} ${response.statusCode}: ${text}`))
        if (hash && `sha256:${hash.digest('hex')}` !== digest)
          return reject(new Error(`${said} other bytes than those of ${digest}`))
        resolve({ headers: response.headers, size })
      })
    })
    for (const part of body) request.write(part)
    request.end()
    return promise
  }

  return { url, send, close: () => agent.destroy() }
}

const hasBody = (method: string) => ['POST', 'PUT', 'PATCH'].includes(method)
