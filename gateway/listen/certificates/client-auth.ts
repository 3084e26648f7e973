/**
 * Certificates of clients, which are asked for once there are authorities for them. A refusal has no
 * answer: a certificate belongs to the connection, and the connection ends.
 */
import type { Server, TLSSocket } from 'node:tls'

export type ClientAuth = keyof typeof modes

/** Only a verified certificate names the user of a client, also where the mode lets in others. */
const modes = {
  'require-and-verify-client-cert': { needed: true, verified: true },
  'require-any-client-cert': { needed: true, verified: false },
  'verify-client-cert-if-given': { needed: false, verified: true },
  'request-client-cert': { needed: false, verified: false },
} as const satisfies Record<string, { needed: boolean; verified: boolean }>

/**
 * For the server's options. Without authorities nothing is asked: those that the platform trusts
 * would be asked otherwise, and anyone can get a certificate from them.
 */
export function handshakeOptions(mode: ClientAuth, hasAuthorities: boolean) {
  const { needed, verified } = modes[mode]
  return { requestCert: hasAuthorities, rejectUnauthorized: hasAuthorities && needed && verified }
}

/** Ends connections that the handshake let through and the mode does not. */
export function refuseClients(server: Server, mode: ClientAuth): void {
  server.prependListener('secureConnection', (socket) => {
    const reason = refusal(socket, mode)
    if (reason === undefined) return
    socket.destroy()
    server.emit('tlsClientError', new Error(reason), socket)
  })
}

function refusal(socket: TLSSocket, mode: ClientAuth): string | undefined {
  const { needed, verified } = modes[mode]
  const given = socket.getPeerX509Certificate() !== undefined
  if (needed && !given) return 'the client showed no certificate'
  if (!verified || !given || socket.authorized) return undefined
  return `the certificate of the client was not verified: ${socket.authorizationError}`
}
