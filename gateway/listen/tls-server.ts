/** The HTTPS server: made of the settings and the certificates, and never restarted for a new one. */
import type { RequestListener } from 'node:http'
import { createServer, type Server, type ServerOptions } from 'node:https'
import type { Logger } from 'pino'
import { canonicalAddress } from '../../network/range.ts'
import { refuseClients } from './certificates/client-auth.ts'
import type { Certificates } from './certificates/files.ts'
import { answerPlainHttp } from './plain-http.ts'
import { protocolOptions, serverOptions, type TlsSettings } from './tls-options.ts'

type Parts = {
  settings: TlsSettings
  certificates: Certificates
  log: Pick<Logger, 'debug'>
  /** Time limits and the like. */
  http?: ServerOptions
}

/** The certificates are the caller's to close. */
export function createTlsServer(
  { settings, certificates, log, http = {} }: Parts,
  handler: RequestListener,
): Server {
  const protocol = protocolOptions(settings)
  const server = createServer(
    { ...http, ...serverOptions(settings), ...protocol, ...certificates.context() },
    handler,
  )
  if (settings.clientcas.length > 0) refuseClients(server, settings.clientauth)

  // Session tickets are not carried over: they would outlive an authority that was taken away.
  const stop = certificates.onChange((context) =>
    server.setSecureContext({ ...protocol, ...context }),
  )
  server.once('close', stop)
  answerPlainHttp(server)
  server.on('tlsClientError', ({ message }, { remoteAddress = '' }) => {
    const address = canonicalAddress(remoteAddress)
    log.debug({ address, reason: message }, 'a TLS connection was refused')
  })
  return server
}
