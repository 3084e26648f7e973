/** Opens the listeners of one process, with the time limits of a server that streams large bodies. */
import { createServer, type RequestListener } from 'node:http'
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import { endIdle } from '../../gateway/guard/idle.ts'
import { answerClientErrors } from '../../gateway/listen/client-errors.ts'
import { meetExpectations } from '../../gateway/listen/expectations.ts'
import { answerInTurn } from '../../gateway/listen/in-turn.ts'
import { createRedirect } from '../../gateway/listen/redirect.ts'
import { createSecureHosts } from '../../gateway/listen/secure-host.ts'
import { createTlsServer } from '../../gateway/listen/tls-server.ts'
import { createCounted } from '../../gateway/log/counted.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import { drainServer } from '../../supervisor/drain.ts'
import type { Stop } from '../../supervisor/supervised.ts'
import { openServerCertificates } from './certificates.ts'
import { opened } from './listening.ts'

/** Longer than load balancers keep a connection, or they would send into one that just closed. */
const keepAlive = 75_000
/** A body may take hours; only a request whose head does not come is given up. */
const limits = {
  requestTimeout: 0,
  headersTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: keepAlive,
  // A token that speaks of many repositories is long.
  maxHeaderSize: 32 * 1024,
  // The application says so in the form of the specification.
  requireHostHeader: false,
}

/**
 * A client may be about to ask on a connection, and would be cut off if it was closed just then. One
 * that is idle for so long is hardly in use; where nobody takes over, waiting costs everyone's time.
 */
const lingering = { replaced: 30_000, stopped: 500 }

type Parts = { config: Config; log: Logger; notices: Logger; leases: Leases }

export async function listen(handler: RequestListener, { config, log, notices, leases }: Parts) {
  const { addr, tls } = config.http
  const certificates = await openServerCertificates(tls, { log: notices, leases })
  const server =
    tls && certificates
      ? createTlsServer(
          { settings: tls, certificates: certificates.files, log: notices, http: limits },
          handler,
        )
      : createServer(limits, handler)
  answerInTurn(server)
  meetExpectations(server)
  answerClientErrors(server)
  const others = 'others were given up than are written one by one'
  const givenUp = createCounted({ log, level: 'info', others })
  endIdle(server, {
    idleMs: config.kura.limits.idle,
    report: (fields) =>
      givenUp.write({ message: 'a request was given up: its client did nothing', fields }),
  })
  await opened(server, addr, 'http.addr (REGISTRY_HTTP_ADDR)')
  const redirect = certificates && (await openRedirect(config, certificates))

  return {
    async stop({ replaced, hurry }: Stop) {
      redirect?.close()
      redirect?.closeAllConnections()
      await (replaced
        ? drainServer(server, { lingerMs: lingering.replaced, hurry })
        : drainServer(server, { lingerMs: lingering.stopped }))
      certificates?.close()
      givenUp.close()
    },
  }
}

type Certificates = NonNullable<Awaited<ReturnType<typeof openServerCertificates>>>

async function openRedirect({ http, kura }: Config, { files, challenge }: Certificates) {
  if (!kura.redirect) return undefined
  const secureHost = createSecureHosts({
    port: 'port' in http.addr ? http.addr.port : 443,
    host: http.host,
    named: http.tls?.letsencrypt?.hosts ?? [],
    certificate: files.leaf,
  })
  const redirect = createRedirect({ secureHost, ...(challenge && { challenge }) })
  answerInTurn(redirect)
  await opened(redirect, kura.redirect, 'kura.redirect (REGISTRY_KURA_REDIRECT)')
  return redirect
}
