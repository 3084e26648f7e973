/** Free ports of this machine, for servers that a test starts as programs of their own. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/** Below the ports that the system hands out by itself, so that none is taken in passing. */
const first = 20_000
/** Each process of jest has a share of its own: a port may be found long before it is used. */
const share = 1000
const worker = Number(process.env.JEST_WORKER_ID ?? 0) % 10

const given = new Set<number>()

/** A port that nobody listens on, and that no other test is given at the same time. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = first + worker * share + Math.floor(Math.random() * share)
    if (given.has(port)) continue
    given.add(port)
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
