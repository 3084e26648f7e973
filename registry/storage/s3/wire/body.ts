/**
 * The body of an answer, chunk by chunk. It is destroyed when its reader waits too long for it, or
 * when no reader ever begins. The reader may be as slow as it likes.
 */
import type { IncomingMessage } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { takeOver } from './bulk.ts'

export type Body = ReturnType<typeof watchBody>

/** From so many bytes on, it is worth a connection of its own. */
const bulk = 2 * 1024 * 1024
/** With so much unread, no more is asked of the service. */
const mostUnread = 256 * 1024

/** A service that does not tell the length says at the end that it was the end. */
type Options = { length: number | undefined; stallMs: number }

export function watchBody(stream: IncomingMessage, { length, stallMs }: Options) {
  const unread = createUnread()
  let missing = length ?? Number.POSITIVE_INFINITY
  let isClosed = false
  let failure: Error | undefined
  let given: Uint8Array | undefined
  let wake: (() => void) | undefined

  // A reader that has a chunk in its hands is not waiting for one.
  const timer = watchStall(stream, stallMs, () => given !== undefined && !wake)
  stream
    .on('error', (error) => {
      failure ??= error
    })
    .on('close', close)
  const isBulk = length !== undefined && length >= bulk
  // A connection that is kept can serve the next request only once the body has ended.
  const isOver = () => isClosed || (missing === 0 && isBulk)
  const source = isBulk ? takeBulk(stream, hear) : flow(stream, hear)
  if (length === 0) source.end()

  return { next, destroy }

  /** Undefined at the end. A chunk may be overwritten as soon as the next one is asked for. */
  async function next(): Promise<Uint8Array | undefined> {
    if (given) source.giveBack(given)
    given = undefined
    if (unread.isEmpty() && !isOver()) await more()
    given = unread.shift()
    if (!given && missing > 0) throw failure ?? brokenOff()
    return given
  }

  async function more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    wake = resolve
    timer.refresh()
    source.resume()
    await promise
    wake = undefined
    // Bytes that are there by now come in pieces of 16 KiB when they are encrypted.
    if (isBulk) await setImmediate()
  }

  /** False to hear no more for now. */
  function hear(chunk: Uint8Array): boolean {
    const bytes = chunk.length > missing ? chunk.subarray(0, missing) : chunk
    missing -= bytes.length
    unread.push(bytes)
    if (missing === 0) source.end()
    wake?.()
    return unread.size() < mostUnread || missing === 0
  }

  function close(): void {
    if (length === undefined && stream.readableEnded) missing = 0
    isClosed = true
    clearTimeout(timer)
    wake?.()
  }

  function destroy(): void {
    clearTimeout(timer)
    // One that is complete is about to end, and its connection to serve another request.
    if (missing > 0) stream.destroy()
  }
}

/** Destroys the stream once it has given nothing for so long, unless its reader is busy. */
function watchStall(stream: IncomingMessage, stallMs: number, isBusy: () => boolean) {
  const timer = setTimeout(() => {
    if (isBusy()) return timer.refresh()
    const error = new Error(`no byte came for ${stallMs} ms`)
    return stream.destroy(Object.assign(error, { name: 'TimeoutError' }))
  }, stallMs)
  return timer.unref()
}

/** Chunks that have come and were not asked for yet. */
function createUnread() {
  const chunks: Uint8Array[] = []
  let size = 0

  return {
    size: () => size,
    isEmpty: () => chunks.length === 0,

    shift(): Uint8Array | undefined {
      const first = chunks.shift()
      size -= first?.length ?? 0
      return first
    },

    push(bytes: Uint8Array): void {
      size += bytes.length
      const last = chunks.at(-1)
      const joined = last && joinedInPlace(last, bytes)
      if (joined) chunks[chunks.length - 1] = joined
      else chunks.push(bytes)
    },
  }
}

function brokenOff(): Error {
  return Object.assign(new Error('a body broke off'), { code: 'ECONNRESET' })
}

type Hear = (chunk: Uint8Array) => boolean

/** As Node's HTTP client gives it; the connection is kept for the next request. */
function flow(stream: IncomingMessage, hear: Hear) {
  let isFlowing = false
  const pass = (chunk: Buffer) => {
    if (!hear(chunk)) stream.pause()
  }
  return {
    resume() {
      if (!isFlowing) stream.on('data', pass)
      isFlowing = true
      stream.resume()
    },
    giveBack() {},
    end: () => void stream.resume(),
  }
}

function takeBulk(stream: IncomingMessage, hear: Hear) {
  const { socket } = stream
  // The bytes that came along with the head; all others come after them.
  const first: Buffer | null = stream.read()
  if (first) hear(first)
  const { giveBack } = takeOver(socket, hear)
  return {
    resume: () => void socket.resume(),
    giveBack,
    end: () => void stream.destroy(),
  }
}

/** One chunk of two that lie side by side in the same memory. */
function joinedInPlace(one: Uint8Array, other: Uint8Array): Uint8Array | undefined {
  const isNext = one.buffer === other.buffer && one.byteOffset + one.length === other.byteOffset
  if (!isNext) return undefined
  return new Uint8Array(one.buffer, one.byteOffset, one.length + other.length)
}
