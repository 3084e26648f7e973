/**
 * An answer that no handler gives, because there is no request to handle: written as it goes over the
 * wire, and the last thing on its connection.
 */
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorBody, type Reason, RegistryError } from '../../registry/protocol/errors.ts'

/** Closing at once while a client is still sending would take the answer away from it. */
const lingerMs = 2_000

/** Nothing of another answer may have been sent. */
export function answerLast(socket: Duplex, reason: Reason): void {
  const error = new RegistryError(reason)
  const body = errorBody(error)
  const head = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Docker-Distribution-Api-Version: registry/2.0',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
  const timer = setTimeout(() => socket.destroy(), lingerMs)
  socket.once('close', () => clearTimeout(timer))
}
