/** Stops a server without cutting a request short. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server } from 'node:http'
import { Server as NetServer } from 'node:net'

const responseFinished = 'http.server.response.finish'

type How = {
  /** Breaks what is still open. */
  signal?: AbortSignal
  /** How long a connection that is idle may still bring a request; that one will be its last. */
  lingerMs?: number
  /** Ends that time early. */
  hurry?: AbortSignal
}

/**
 * Stops accepting, lets the requests that are running end, and closes each connection after its
 * last. Resolves when none is open.
 */
export async function drainServer(server: Server, { signal, lingerMs = 0, hurry }: How = {}) {
  const closeIdle = () => server.closeIdleConnections()
  const onFinished = (message: unknown) => {
    const finished = message as { server: Server; request: IncomingMessage }
    if (finished.server !== server) return
    // A client that was answered early is still sending, and its connection not idle until it ends.
    if (finished.request.complete) setImmediate(closeIdle)
    else finished.request.once('close', () => setImmediate(closeIdle))
  }
  const abort = () => server.closeAllConnections()

  server.prependListener('request', (_, response) => {
    response.shouldKeepAlive = false
  })
  signal?.addEventListener('abort', abort)
  const closed = new Promise((resolve) => {
    // An HTTP server would close what is idle as it stops listening.
    NetServer.prototype.close.call(server, resolve)
  })
  const endLinger = () => {
    clearTimeout(timer)
    hurry?.removeEventListener('abort', endLinger)
    subscribe(responseFinished, onFinished)
    server.close()
  }
  const timer = setTimeout(endLinger, hurry?.aborted ? 0 : lingerMs)
  hurry?.addEventListener('abort', endLinger)
  await closed
  clearTimeout(timer)
  hurry?.removeEventListener('abort', endLinger)
  unsubscribe(responseFinished, onFinished)
  signal?.removeEventListener('abort', abort)
}
