/**
 * One request of a connection at a time: bytes behind a request that is not answered yet stay unread.
 * Node would start every request of a chunk at once, and there may be thousands in it. And an answer
 * that comes before its request's body is through ends as it should: see `createLingering`.
 */
import { type IncomingMessage, Server as PlainServer, type ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { createPortions } from './portions.ts'

/** How long, and for how many bytes, a client that has its answer may go on sending. */
const longest = { ms: 5_000, bytes: 16 * 1024 * 1024 }

/** Must come before the server listens. */
export function answerInTurn(server: PlainServer | TlsServer): void {
  const connections = new WeakMap<object, ReturnType<typeof readInTurn>>()
  const opened = server instanceof PlainServer ? 'connection' : 'secureConnection'
  server.on(opened, (socket: Socket) => void connections.set(socket, readInTurn(socket)))
  server.prependListener('request', (request, response) => {
    connections.get(request.socket)?.begin(request, response)
  })
}

/** Stands between a connection and the parser that Node has put on it. */
function readInTurn(socket: Socket) {
  const [parse] = socket.listeners('data') as [(bytes: Buffer) => void]
  const closeAtOnce = socket.destroySoon.bind(socket)
  const portions = createPortions()
  const lingering = createLingering(socket)
  let current: { request: IncomingMessage; isAnswered: boolean } | undefined
  let waiting: Buffer[] = []

  socket.off('data', parse).on('data', read)
  socket.once('close', lingering.end)
  // Node calls it behind the last answer of a connection.
  socket.destroySoon = () => {
    if (waiting.length === 0 && current?.request.complete !== false) return closeAtOnce()
    waiting = []
    socket.end()
    socket.resume()
    lingering.begin()
  }

  return {
    begin(request: IncomingMessage, response: ServerResponse): void {
      const begun = { request, isAnswered: false }
      current = begun
      portions.begin(request.headers)
      response.once('close', () => {
        begun.isAnswered = true
        if (socket.destroyed) return
        if (!request.complete) return lingering.begin()
        // In a turn of its own: the answers of one connection must not hold up those of others.
        if (waiting.length > 0) setImmediate(goOn)
      })
    },
  }

  function read(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0 && mayParse()) {
      const size = portions.next(rest)
      parse(size === rest.length ? rest : rest.subarray(0, size))
      rest = rest.subarray(size)
    }
    if (!socket.writableEnded && current?.request.complete) lingering.end()
    if (rest.length > 0) putAside(rest)
  }

  function mayParse(): boolean {
    if (socket.writableEnded || waiting.length > 0) return false
    return !current?.request.complete || current.isAnswered
  }

  function putAside(rest: Buffer): void {
    if (socket.writableEnded) {
      lingering.discard(rest)
    } else {
      waiting.push(rest)
      socket.pause()
    }
  }

  function goOn(): void {
    const held = Buffer.concat(waiting)
    waiting = []
    read(held)
    if (waiting.length === 0) socket.resume()
  }
}

/**
 * Closing while a client is still sending would take its answer away from it: for a while, the rest is
 * read and thrown away.
 */
function createLingering(socket: Socket) {
  let timer: NodeJS.Timeout | undefined
  let discarded = 0

  return {
    begin(): void {
      timer ??= setTimeout(() => socket.destroy(), longest.ms)
    },

    end(): void {
      if (!timer) return
      clearTimeout(timer)
      timer = undefined
    },

    discard({ length }: Buffer): void {
      discarded += length
      if (discarded > longest.bytes) socket.destroy()
    },
  }
}
