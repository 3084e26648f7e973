/** Opens the listeners of one process, with the time limits of a server that streams large bodies. */

import { rm } from 'node:fs/promises'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import { connect } from 'node:net'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { createRedirect } from '../gateway/listen/redirect.ts'
import { createTlsServer } from '../gateway/listen/tls-server.ts'
import type { Leases } from '../registry/leases/lease.ts'
import { drainServer } from './drain.ts'
import { openServerCertificates } from './server-certificates.ts'

/** Longer than load balancers keep a connection, or they would send into one that just closed. */
const keepAlive = 75_000
/** A body may take hours; only a request whose head does not come is given up. */
const limits = { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: keepAlive }

type Parts = { config: Config; log: Logger; leases: Leases }

export async function listen(handler: RequestListener, { config, log, leases }: Parts) {
  const { net, addr, tls } = config.http
  const certificates = await openServerCertificates(tls, { log, leases })
  const server =
    tls && certificates
      ? createTlsServer(
          { settings: tls, certificates: certificates.files, log, http: limits },
          handler,
        )
      : createServer(limits, handler)
  await opened(server, net === 'unix' ? await freeSocket(addr) : tcpAddress(addr), {
    addr,
    setting: 'http.addr (REGISTRY_HTTP_ADDR)',
  })
  const redirect = await openRedirect(config, certificates?.challenge)

  return {
    async drain() {
      redirect?.close()
      redirect?.closeAllConnections()
      await drainServer(server)
      certificates?.close()
    },
  }
}

type AcmeChallenge = (token: string) => Promise<string | undefined>

async function openRedirect({ http, kura }: Config, challenge: AcmeChallenge | undefined) {
  if (!kura.redirect) return undefined
  if (!http.tls) {
    throw new Error('kura.redirect sends clients to HTTPS: set http.tls too, or leave it out')
  }
  const { port } = tcpAddress(http.addr)
  const redirect = createRedirect({ port, ...(challenge && { challenge }) })
  await opened(redirect, tcpAddress(kura.redirect), {
    addr: kura.redirect,
    setting: 'kura.redirect (REGISTRY_KURA_REDIRECT)',
  })
  return redirect
}

const reasons: Record<string, string> = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'this host name has no address',
}

type Told = { addr: string; setting: string }

async function opened(server: Server | TlsServer, where: object, { addr, setting }: Told) {
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
