/**
 * Bytes in bulk, straight from the socket. Node's HTTP client copies every 64 KiB of a body into memory
 * of its own, and its garbage collector goes after them: half the processor time of a pull. So once the
 * head of an answer has been read, the connection is taken from it, and closed at the end of the body.
 */
import type { Agent, ClientRequestArgs } from 'node:http'
import type { Socket } from 'node:net'

const blockSize = 256 * 1024
/** With less than that left of it, the next block begins. */
const smallestRead = 64 * 1024

type Taker = {
  /** Where the next bytes go. */
  memory(): Uint8Array
  /** False to hear no more until the socket is resumed. */
  take(bytes: Uint8Array): boolean
}

const takers = new WeakMap<Socket, Taker>()

/** Has all sockets of an agent read in a way that allows for `takeOver`. */
export function prepareForBulk<T extends Agent>(agent: T): T {
  const connect = agent.createConnection.bind(agent) as (...args: unknown[]) => Socket
  agent.createConnection = (options: ClientRequestArgs, callback) => {
    const own = Buffer.allocUnsafeSlow(smallestRead)
    const onread = {
      buffer: () => takers.get(socket)?.memory() ?? own,
      callback(length: number, memory: Uint8Array) {
        const bytes = memory.subarray(0, length)
        const taker = takers.get(socket)
        // The HTTP client copies what it is given, so that the same memory does for all of it.
        return taker ? taker.take(bytes) : socket.emit('data', bytes)
      },
    }
    let socket = undefined as unknown as Socket
    socket = connect({ ...options, onread }, callback)
    return socket
  }
  return agent
}

/** From now on the HTTP client hears of no byte more. */
export function takeOver(socket: Socket, take: Taker['take']) {
  const blocks = createBlocks()
  takers.set(socket, {
    memory: blocks.next,
    take(bytes) {
      blocks.lend(bytes)
      return take(bytes)
    },
  })
  return { giveBack: blocks.giveBack }
}

/** `lent`: bytes of it that somebody may still look at. */
type Block = { memory: Uint8Array; filled: number; lent: number }

function createBlocks() {
  const all: Block[] = []
  let current: Block | undefined
  const blockOf = (bytes: Uint8Array) => all.find(({ memory }) => memory.buffer === bytes.buffer)

  return {
    next(): Uint8Array {
      if (!current || blockSize - current.filled < smallestRead) current = findFree()
      return current.memory.subarray(current.filled)
    },

    lend(bytes: Uint8Array): void {
      const block = blockOf(bytes)
      if (!block) return
      block.filled += bytes.length
      block.lent += bytes.length
    },

    giveBack(bytes: Uint8Array): void {
      const block = blockOf(bytes)
      if (block) block.lent -= bytes.length
    },
  }

  function findFree(): Block {
    const found = all.find((block) => block !== current && block.lent === 0)
    if (found) return Object.assign(found, { filled: 0 })
    const made = { memory: Buffer.allocUnsafeSlow(blockSize), filled: 0, lent: 0 }
    all.push(made)
    return made
  }
}
