/**
 * Plain HTTP on a port that speaks TLS: answered in plain HTTP, with the sentence of Go's servers, which
 * people search for and clients look for. Nothing of the request is read for it.
 */
import type { Socket } from 'node:net'
import type { Server, TLSSocket } from 'node:tls'

const answer = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'

const lingerMs = 2_000

/** How OpenSSL calls a first record that is none, but begins as HTTP does. */
const codes = new Set(['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_HTTPS_PROXY_REQUEST'])

/** The fields in which Node keeps the connection below one that speaks TLS. */
type Layers = { _parent?: Socket; ssl?: { destroySSL(): void } | null }

export function answerPlainHttp(server: Server): void {
  server.on('tlsClientError', ({ code = '' }: NodeJS.ErrnoException, socket) => {
    // Node has closed what speaks TLS, and the connection below it is still open.
    const { _parent: connection, ssl } = socket as TLSSocket & Layers
    if (!codes.has(code) || !connection?.writable) return
    keepOpen(connection, () => ssl?.destroySSL())
    const timer = setTimeout(() => connection.destroy(), lingerMs)
    connection
      .once('close', () => clearTimeout(timer))
      .once('end', () => connection.destroy())
      .on('error', () => {})
      .end(answer)
  })
}

/**
 * Node is about to destroy the connection as well, which takes the answer away from a client that still
 * sends. The client's bytes are thrown away instead.
 */
function keepOpen(connection: Socket, endTls: () => void): void {
  const { destroy } = connection
  connection.destroy = () => {
    connection.destroy = destroy
    endTls()
    return connection.resume()
  }
}
