/** Starting and stopping an HTTP server of a test. */
import type { Server } from 'node:http'
import type { ListenOptions } from 'node:net'

export async function listening(server: Server, where: ListenOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(where, resolve)
  })
}

export async function close(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
