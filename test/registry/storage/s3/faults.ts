/** Stands before a real S3 service and gets in its way, as networks and busy services do. */
import {
  Agent,
  createServer as createPlainServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Cleanup } from '../../../support/cleanup.ts'

type Request = { method: string; url: string; count: number; headers: IncomingHttpHeaders }
type Exchange = { req: IncomingMessage; res: ServerResponse; pass: () => Promise<IncomingMessage> }

const error = (code: string) =>
  `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>on purpose</Message></Error>`

const answer =
  (status: number, code: string, headers = {}) =>
  async ({ req, res }: Exchange) => {
    for await (const _ of req);
    res.writeHead(status, { 'Content-Type': 'application/xml', ...headers }).end(error(code))
  }

/** The bytes of a body that are sent before it breaks off. */
const shown = 100_000

async function showSome({ res, pass }: Exchange): Promise<void> {
  const found = await pass()
  res.writeHead(found.statusCode ?? 500, found.headers)
  const [chunk] = await Array.fromAsync(found)
  await new Promise((resolve) => res.write(chunk.subarray(0, shown), resolve))
}

const faults = {
  slowDown: answer(503, 'SlowDown'),
  /** Asks for a second of rest. */
  slowDownForLong: answer(503, 'SlowDown', { 'Retry-After': '1' }),
  failed: answer(500, 'InternalError'),
  failedWith200: answer(200, 'InternalError'),
  notImplemented: answer(501, 'NotImplemented'),
  elsewise: answer(412, 'PreconditionFailed'),
  justChanging: answer(409, 'ConditionalRequestConflict'),
  denied: answer(403, 'AccessDenied'),
  unknownUpload: answer(404, 'NoSuchUpload'),
  full: answer(403, 'QuotaExceeded'),
  tooLarge: answer(400, 'EntityTooLarge'),
  reset: async ({ req }: Exchange) => void req.socket.resetAndDestroy(),
  hang: async () => {},
  /** It was done, but nobody hears of it. */
  loseAnswer: async ({ req, pass }: Exchange) => {
    for await (const _ of await pass());
    req.socket.destroy()
  },
  cutBody: async (exchange: Exchange) => {
    await showSome(exchange)
    exchange.req.socket.resetAndDestroy()
  },
  stallBody: showSome,
}

export type Fault = keyof typeof faults

export type FaultyService = Awaited<ReturnType<typeof startFaultyService>>

type Options = {
  port: number
  tls?: { cert: string; key: string }
  /** A header of answers that clients are not to see. */
  hides?: string
  /** `If-Match` is kept when something is removed, as Amazon does and not every version of Ceph. */
  hasBoundRemovals?: boolean
}

/** Until a plan says otherwise, everything goes through. */
export async function startFaultyService(cleanup: Cleanup, options: Options) {
  const { port, tls, hides, hasBoundRemovals = false } = options
  const agent = new Agent({ keepAlive: true })
  const counts = new Map<string, number>()
  const seen: string[] = []
  /** The versions of what was put, by URL. */
  const versions = new Map<string, string | undefined>()
  let plan: (request: Request) => Fault | undefined = () => undefined

  /** An ETag comes with what was put, and with nothing that was refused. */
  const remember = ({
    method,
    url,
    etag,
  }: Pick<Request, 'method' | 'url'> & { etag?: string | undefined }) => {
    const [object = ''] = url.split('?')
    if (method === 'PUT' && etag) versions.set(object, etag)
    if (method === 'DELETE') versions.delete(object)
  }

  const elsewise = ({ method, url, headers }: Omit<Request, 'count'>): Fault | undefined => {
    const wanted = headers['if-match']
    if (!hasBoundRemovals || method !== 'DELETE' || !wanted) return undefined
    return versions.get(url.split('?')[0] ?? '') === wanted ? undefined : 'elsewise'
  }

  const answerOrPass = async (req: IncomingMessage, res: ServerResponse) => {
    const { method = '', url = '', headers } = req
    const count = (counts.get(`${method} ${url}`) ?? 0) + 1
    counts.set(`${method} ${url}`, count)
    seen.push(`${method} ${url}`)

    const pass = () => {
      const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
      const own = { host: '127.0.0.1', port, agent, method, path: url, headers }
      req.pipe(request(own, resolve).on('error', reject))
      return promise
    }
    const fault = plan({ method, url, count, headers }) ?? elsewise({ method, url, headers })
    if (fault) return faults[fault]({ req, res, pass }).catch(() => res.destroy())
    const found = await pass().catch(() => undefined)
    if (!found) return res.destroy()
    if (hides) delete found.headers[hides]
    remember({ method, url, etag: found.headers.etag })
    found.pipe(res.writeHead(found.statusCode ?? 500, found.headers))
  }
  const server = tls
    ? createTlsServer({ ...tls, noDelay: true }, answerOrPass)
    : createPlainServer({ noDelay: true }, answerOrPass)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.add(async () => {
    agent.destroy()
    server.closeAllConnections()
    server.close()
  })

  return {
    endpoint: `${tls ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** All requests since the plan was made, as `METHOD url`. */
    seen,
    /** `count` is how often the same request has come, this time included. */
    plan(next: typeof plan) {
      plan = next
      counts.clear()
      seen.length = 0
    },
  }
}
