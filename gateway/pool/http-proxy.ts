/**
 * http-proxy-3 behind one function: a request goes to a worker, the head of its answer comes back.
 * The library reads headers and path from an object of ours, so nothing that a client sent gets
 * through unseen, and it never touches the answer: it would leave a client waiting whose worker dies.
 */
import type { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http'
import type { Stream } from 'node:stream'
import { createProxyServer } from 'http-proxy-3'
import type { Address } from './addresses.ts'

export type Outgoing = {
  req: IncomingMessage
  res: ServerResponse
  /** Path and query, sent as they are. */
  url: string
  /** All that is sent. */
  headers: Record<string, string | string[]>
  to: Address
  /** Without one, each request would be the last of its connection. */
  agent: Agent
}

export type Exchange = {
  /** Rejects when there is none, also because the client left. */
  answer: Promise<IncomingMessage>
  /** Whether anything may have reached the worker. */
  hasBegun: () => boolean
}

/** For a machine of the same network that does not even refuse. */
const connectTimeout = 2_000

type Asked = { onAnswer: (answer: IncomingMessage) => void; onFailure: (error: Error) => void }

export function createHttpProxy() {
  const asked = new WeakMap<object, Asked>()
  const proxy = createProxyServer({
    selfHandleResponse: true,
    // The path is sent as it is; otherwise it would be written anew, and be another one.
    toProxy: true,
    prependPath: false,
    connectTimeout,
  })
  proxy.on('proxyRes', (answer, req) => asked.get(req)?.onAnswer(answer))
  proxy.on('econnreset', (error, req) => asked.get(req)?.onFailure(error))
  proxy.on('error', (error, req) => asked.get(req)?.onFailure(error))

  return ({ req, res, url, headers, to, agent }: Outgoing): Exchange => {
    const { promise: answer, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const body = bodyOf(req, res)
    // The library's view of the request. It listens and pipes, and asks for nothing else.
    const view = {
      url,
      headers,
      method: req.method,
      httpVersionMajor: 1,
      socket: req.socket,
      on: req.on.bind(req),
    } as unknown as IncomingMessage

    asked.set(view, { onAnswer: resolve, onFailure: reject })
    // Each attempt listens here once or twice, beside all others that do; none of them stays.
    res.setMaxListeners(0)
    res.once('close', () => reject(new Error('the client has left')))
    // A failure after the head of the answer shows in the answer itself.
    answer.catch(() => {})
    const target = 'socketPath' in to ? { ...to, host: 'worker', port: 0 } : to
    proxy.web(view, res, { target, agent, buffer: body.stream })
    return { answer, hasBegun: body.hasBegun }
  }
}

/**
 * The library gets this in place of a stream. The body is not read before there is a connection to send
 * it on, so that a request which found none can still go to another worker.
 */
function bodyOf(req: IncomingMessage, res: ServerResponse) {
  let begun = false
  const begin = (upstream: ClientRequest) => {
    begun = true
    // A worker may have its reasons to answer early; the rest of the body is then not read.
    const stop = () => req.unpipe(upstream)
    upstream.once('response', stop).once('close', stop)
    // The worker must not wait for the rest either.
    res.once('close', () => {
      if (!upstream.writableFinished) upstream.destroy()
    })
    if (req.complete && req.readableLength === 0) return void upstream.end()
    // A worker may have its answer without the body, which may be long in coming.
    if (req.readableLength === 0) upstream.flushHeaders()
    // Nobody is asked for a body before the worker asks for it.
    if (upstream.hasHeader('expect')) upstream.once('continue', () => req.pipe(upstream))
    else req.pipe(upstream)
  }
  const pipe = (upstream: ClientRequest) => {
    upstream.once('socket', (socket) => {
      if (!socket.connecting) begin(upstream)
      else socket.once('connect', () => begin(upstream))
    })
    return upstream
  }
  return { stream: { pipe } as unknown as Stream, hasBegun: () => begun }
}
