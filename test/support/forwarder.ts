/** A second address of a service: a port that hands all it gets to another. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { pipeline } from 'node:stream'
import type { Cleanup } from './cleanup.ts'

export async function startForwarder(cleanup: Cleanup, target: { port: number }) {
  const sockets = new Set<Socket>()
  let connections = 0
  const server = createServer((near) => {
    connections += 1
    const far = connect(target.port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
    }
    // Whichever side ends, or breaks off, takes the other with it.
    pipeline(near, far, near, () => {})
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  cleanup.add(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })

  return {
    port: (server.address() as AddressInfo).port,
    /** How many there have been so far. */
    connections: () => connections,
  }
}
