/** Ports of this machine, for servers that a test starts as programs of their own. */
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** Below the ports that the system hands out by itself, so that none is taken in passing. */
const first = 20_000
const count = 10_000

export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = first + Math.floor(Math.random() * count)
    if (await isFree(port)) return port
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

const pause = 10

/** Resolves once somebody answers at `port`: for that, there is nothing to wait for but trying again. */
export async function untilListening(port: number): Promise<void> {
  while (!(await isOpen(port))) await wait(pause)
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
