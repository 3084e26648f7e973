/** A way to a server that takes its time: every piece of every answer and request arrives later. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Cleanup } from '../../support/cleanup.ts'

export type SlowWay = Awaited<ReturnType<typeof startSlowWay>>

export async function startSlowWay(cleanup: Cleanup, port: number) {
  let ms = 0
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port, host: '127.0.0.1', noDelay: true })
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
    }
    // Whichever side goes, the other one hears of it.
    for (const way of [pipeline(client, late(), upstream), pipeline(upstream, late(), client)]) {
      way.catch(() => {})
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  cleanup.add(async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })

  return {
    port: (server.address() as AddressInfo).port,
    /** For each direction, and for each piece, so that what is large is slow too; at first 0. */
    delay(next: number): void {
      ms = next
    },
  }

  function late(): Transform {
    return new Transform({
      transform(piece, _, done) {
        if (ms === 0) done(undefined, piece)
        else wait(ms).then(() => done(undefined, piece))
      },
    })
  }
}
