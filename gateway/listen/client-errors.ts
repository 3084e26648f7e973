/**
 * Answers bytes that are no request: too large a head, one that does not come, one that is not HTTP. Tools
 * show what a registry says of an error, so these too are in the form of the specification.
 */
import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Reason } from '../../registry/protocol/errors.ts'
import { answerLast } from './last-answer.ts'

const reasons: Record<string, Reason> = {
  HPE_HEADER_OVERFLOW: 'headTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'requestTimeout',
}

type ClientError = NodeJS.ErrnoException & { rawPacket?: Buffer }

const requestLine = /^[\w!#$%&'*+.^`|~-]+ [!-~]+ HTTP\/\d\.\d\r\n/

/** The parser calls garbage what it does not know, also where it stands in a request line as it should. */
const reasonsInLine: Record<string, Reason> = {
  HPE_INVALID_METHOD: 'methodUnknown',
  HPE_INVALID_VERSION: 'versionUnknown',
}

export function answerClientErrors(server: Server): void {
  const answersOn = trackAnswers(server)
  const ended = new WeakSet<Duplex>()

  // A tunnel has no place here, and Node hangs up where nothing hears of one.
  server.on('connect', (_request, socket) => answerLast(socket, 'methodUnknown'))
  server.on('clientError', (error: ClientError, socket) => {
    // The bytes after an error are an error too, and one answer is enough.
    if (ended.has(socket)) return
    ended.add(socket)
    const reason = reasonOf(error)
    if (reason && socket.writable && answersOn(socket).every(isForWhatFailed)) {
      answerLast(socket, reason)
    } else socket.destroy()
  })
}

function reasonOf({ code = '', rawPacket }: ClientError): Reason | undefined {
  const inLine = reasonsInLine[code]
  if (inLine && requestLine.test(rawPacket?.toString('latin1', 0, 512) ?? '')) return inLine
  return reasons[code] ?? (code.startsWith('HPE_') ? 'requestMalformed' : undefined)
}

/** A request that is whole has its own answer to come, and would take another's for it. */
function isForWhatFailed({ headersSent, req }: ServerResponse): boolean {
  return !headersSent && !req.complete
}

/** The answers of each connection that have not ended. */
function trackAnswers(server: Server) {
  const unended = new WeakMap<Duplex, Set<ServerResponse>>()
  server.prependListener('request', ({ socket }, response) => {
    const answers = unended.get(socket) ?? new Set()
    unended.set(socket, answers.add(response))
    response.once('close', () => answers.delete(response))
  })
  return (socket: Duplex) => [...(unended.get(socket) ?? [])]
}
