/** Opening a listener, and what is said when its address cannot be used. */
import { rm } from 'node:fs/promises'
import type { Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { connect } from 'node:net'
import type { Address } from '../../network/address.ts'

const reasons: Record<string, string> = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'this host name has no address',
}

/** Resolves once it listens; throws an error that names the setting to change. */
export async function opened(server: Server | TlsServer, address: Address, setting: string) {
  if ('path' in address) await freeSocket(address.path)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(address, resolve)
  try {
    await promise
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    const why = reasons[code] ?? message
    throw new Error(`cannot listen on ${address.text}: ${why}; set ${setting}`, { cause })
  }
}

/** A socket that nobody answers was left by a process that was killed, and is in the way. */
async function freeSocket(path: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const probe = connect(path)
  probe.once('connect', () => resolve(true)).once('error', () => resolve(false))
  const answered = await promise
  probe.destroy()
  if (!answered) await rm(path, { force: true })
}
