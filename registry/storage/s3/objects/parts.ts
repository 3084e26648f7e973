/**
 * A stream cut into parts of exactly one size, as some services want it, of which a few are on their
 * way while the next one fills. Where they go is the receiver's business.
 */
import { addAbortSignal, Readable } from 'node:stream'
import { fewAtOnce } from '../../../pace/few-at-once.ts'
import type { Bytes } from '../../driver.ts'

/** So many are on their way; one more is being filled. */
const atOnce = 2
/** The size of the first buffer. */
const smallest = 256 * 1024

type Receiver = {
  size: number
  /** Bytes that stand before those of the source. */
  head: Uint8Array
  /** The part's memory is used again once this has resolved. `isLast` is certain when it is true. */
  send(part: Part): Promise<void>
}

export type Part = { index: number; bytes: Uint8Array; isLast: boolean }

/** Resolves with how many parts there were once all have been taken; rejects when one was not. */
export async function sendParts(source: Bytes, { size, head, send }: Receiver): Promise<number> {
  const free: Buffer[] = []
  const pass = async ({ memory, ...part }: Filled) => {
    await send(part)
    free.push(memory)
  }
  let count = 0
  for await (const _ of fewAtOnce(cut(source, { size, head, free }), pass, atOnce)) count += 1
  return count
}

type Filled = Part & { memory: Buffer }
type Cut = Pick<Receiver, 'size' | 'head'> & { free: Buffer[] }

/** The parts, one after the other. Each takes its memory from `free`, if there is any. */
async function* cut(source: Bytes, { size, head, free }: Cut): AsyncIterable<Filled> {
  let memory = grown(Buffer.from(head), head.length, size)
  let filled = head.length
  let index = 0
  for await (const chunk of source) {
    for (let from = 0; from < chunk.length; ) {
      memory = grown(memory, filled + chunk.length - from, size)
      const taken = Math.min(size - filled, chunk.length - from)
      memory.set(chunk.subarray(from, from + taken), filled)
      filled += taken
      from += taken
      if (filled < size) continue
      yield { index: index++, memory, bytes: memory.subarray(0, filled), isLast: false }
      memory = free.pop() ?? Buffer.allocUnsafe(size)
      filled = 0
    }
  }
  if (filled > 0) yield { index, memory, bytes: memory.subarray(0, filled), isLast: true }
}

/** Memory for `needed` bytes, or for a part: most streams are small, and large memory is not free. */
function grown(memory: Buffer, needed: number, size: number): Buffer {
  const wanted = Math.min(size, needed)
  if (memory.length >= wanted) return memory
  const larger = Buffer.allocUnsafe(Math.min(size, Math.max(wanted, smallest, 4 * memory.length)))
  larger.set(memory)
  return larger
}

/**
 * A source whose breaking off looks like its end, so that what came of it can be put in order first.
 * `reason` tells afterwards why it broke off.
 */
export function endingEarly(source: Bytes, signal: AbortSignal | undefined) {
  const came: { size: number; reason: { error: unknown } | undefined } = {
    size: 0,
    reason: undefined,
  }
  async function* bytes(): Bytes {
    try {
      for await (const chunk of abortable(source, signal)) {
        came.size += chunk.length
        yield chunk
      }
    } catch (error) {
      came.reason = { error }
    }
  }
  return { bytes: bytes(), came }
}

/** A request's own stream already ends when its client leaves; only other sources need wrapping. */
function abortable(source: Bytes, signal: AbortSignal | undefined): Bytes {
  if (!signal) return source
  if (source instanceof Readable) return addAbortSignal(signal, source)
  return Readable.from(source, { signal, objectMode: true })
}
