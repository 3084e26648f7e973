/** Opening a listener: what an address is, and what is said when it cannot be used. */
import { rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { connect } from 'node:net'

const reasons: Record<string, string> = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'this host name has no address',
}

type Told = { addr: string; setting: string }

/** Resolves once it listens; throws an error that names the setting to change. */
export async function opened(server: Server | TlsServer, where: object, { addr, setting }: Told) {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(where, resolve)
  try {
    await promise
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    const why = reasons[code] ?? message
    throw new Error(`cannot listen on ${addr}: ${why}; set ${setting}`, { cause })
  }
}

/** `host:port`, `:port` for every address, `[::1]:port`. The configuration has checked the form. */
export function tcpAddress(addr: string): { host?: string; port: number } {
  const colon = addr.lastIndexOf(':')
  const host = addr.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  return { port: Number(addr.slice(colon + 1)), ...(host && { host }) }
}

/** A socket that nobody answers was left by a process that was killed, and is in the way. */
export async function freeSocket(path: string): Promise<{ path: string }> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = connect(path)
  probe.once('connect', () => resolve(true)).once('error', () => resolve(false))
  const answered = await promise
  probe.destroy()
  if (!answered) await rm(path, { force: true })
  return { path }
}
