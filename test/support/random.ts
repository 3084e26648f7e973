/** Random numbers and bytes that come out the same for the same seed, so that a failure can be had again. */
import { createCipheriv } from 'node:crypto'

export type Random = ReturnType<typeof createRandom>

export function createRandom(seed: number) {
  let state = seed >>> 0

  /** At least 0 and below 1 (mulberry32). */
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  const below = (limit: number) => Math.floor(next() * limit)

  return {
    next,
    below,
    pick: <T>(items: readonly T[]): T => items[below(items.length)] as T,
    bytes(size: number): Buffer {
      const key = Buffer.alloc(16)
      for (let at = 0; at < key.length; at += 4) key.writeUInt32LE(below(2 ** 32), at)
      return createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size))
    },
  }
}

const mebibyte = 1024 * 1024

/** A layer too large to hold: blocks in an order that never repeats a pair soon; `hash` sees it all. */
export async function* generateLayer(
  size: number,
  hash: { update(bytes: Uint8Array): unknown },
): AsyncGenerator<Buffer> {
  const random = createRandom(1)
  const blocks = Array.from({ length: 8 }, () => random.bytes(mebibyte))
  for (let sent = 0; sent < size; sent += mebibyte) {
    const block = random.pick(blocks)
    hash.update(block)
    yield block
  }
}
