/** Opens the listener of one process, with the time limits of a server that streams large bodies. */

import { rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import { connect } from 'node:net'
import type { Config } from '../config/schema.ts'
import { drainServer } from './drain.ts'

/** Longer than load balancers keep a connection, or they would send into one that just closed. */
const keepAlive = 75_000
const headersIn = 60_000

export async function listen(handler: RequestListener, { net, addr }: Config['http']) {
  // A body may take hours; only a request whose head does not come is given up.
  const server = createServer({ requestTimeout: 0, headersTimeout: headersIn }, handler)
  server.keepAliveTimeout = keepAlive
  await opened(server, net === 'unix' ? await freeSocket(addr) : tcpAddress(addr), addr)
  return { drain: () => drainServer(server) }
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'this host name has no address',
}

async function opened(server: Server, where: object, addr: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(where, resolve)
  try {
    await promise
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    const why = reasons[code] ?? message
    throw new Error(`cannot listen on ${addr}: ${why}; set http.addr (REGISTRY_HTTP_ADDR)`, {
      cause,
    })
  }
}

/** `host:port`, `:port` for every address, `[::1]:port`. The configuration has checked the form. */
function tcpAddress(addr: string): { host?: string; port: number } {
  const colon = addr.lastIndexOf(':')
  const host = addr.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { port: Number(addr.slice(colon + 1)), ...(host && { host }) }
}

/** A socket that nobody answers was left by a process that was killed, and is in the way. */
async function freeSocket(path: string): Promise<{ path: string }> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = connect(path)
  probe.once('connect', () => resolve(true)).once('error', () => resolve(false))
  const answered = await promise
  probe.destroy()
  if (!answered) await rm(path, { force: true })
  return { path }
}
