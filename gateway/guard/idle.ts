/**
 * Ends a request whose client neither sends what it has announced nor takes what it has asked for.
 * Only time spent waiting for the client counts: no transfer is ever too long, nor is our own work.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { canonicalAddress } from '../../network/range.ts'
import { answerLast } from '../listen/last-answer.ts'

type Options = {
  /** Milliseconds without a byte in either direction; 0 for no end to it. */
  idleMs: number
  report: (given: { address: string | undefined; waitedFor: string }) => void
}

type Exchange = { request: IncomingMessage; response: ServerResponse; socket: Socket }

const longestTimer = 2 ** 31 - 1

export function endIdle(server: Server, { idleMs, report }: Options): void {
  if (idleMs === 0) return
  const time = Math.min(idleMs, longestTimer)
  const momentMs = Math.min(1_000, idleMs / 4)

  server.prependListener('request', (request, response) => {
    // The connection's own timer, which every byte sets back; between requests it is another one.
    response.setTimeout(time, () => check({ request, response, socket: request.socket }))
  })

  /** Nothing is ended at first sight: what came while we were at work is only about to be read. */
  function check(exchange: Exchange) {
    const { response, socket } = exchange
    if (findWaiting(exchange) === undefined) return void socket.setTimeout(time)

    const before = markOf(socket)
    setTimeout(() => {
      if (socket.destroyed || response.writableFinished) return
      const waitedFor = markOf(socket) === before ? findWaiting(exchange) : undefined
      if (!waitedFor) return void socket.setTimeout(time)
      report({ address: canonicalAddress(socket.remoteAddress ?? ''), waitedFor })
      end(exchange)
    }, momentMs)
  }
}

/** Another one as soon as a byte has moved in either direction. */
function markOf({ bytesRead, bytesWritten, writableLength }: Socket): string {
  return [bytesRead, bytesWritten, writableLength].join()
}

/** The part of the client that is missing; undefined when the client waits for us. */
function findWaiting({ request, socket }: Exchange): string | undefined {
  if (socket.writableLength > 0) return 'its answer to be taken'
  // Everything that came has been read, so it is not us who hold the rest up.
  if (!request.complete && request.readableLength === 0) return 'the rest of its body'
  return undefined
}

function end({ response, socket }: Exchange): void {
  if (response.headersSent || socket.writableLength > 0) {
    socket.destroy()
    return
  }
  answerLast(socket, 'requestTimeout')
  socket.once('finish', () => socket.destroy())
}
