/** Stops a server without cutting a request short. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, Server } from 'node:http'

const responseFinished = 'http.server.response.finish'

/**
 * Stops accepting, lets the requests that are running end, and closes each connection after its
 * last. Resolves when none is open; aborting `signal` breaks those that still are.
 */
export async function drainServer(server: Server, signal?: AbortSignal): Promise<void> {
  const closeIdle = () => server.closeIdleConnections()
  const onFinished = (message: unknown) => {
    const finished = message as { server: Server; request: IncomingMessage }
    if (finished.server !== server) return
    // A client that was answered early is still sending, and its connection not idle until it ends.
    if (finished.request.complete) setImmediate(closeIdle)
    else finished.request.once('close', () => setImmediate(closeIdle))
  }
  const abort = () => server.closeAllConnections()

  subscribe(responseFinished, onFinished)
  server.prependListener('request', (_, response) => {
    response.shouldKeepAlive = false
  })
  signal?.addEventListener('abort', abort)
  await new Promise((resolve) => server.close(resolve))
  unsubscribe(responseFinished, onFinished)
  signal?.removeEventListener('abort', abort)
}
