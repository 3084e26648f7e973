/**
 * Reading a file as a stream. This is the hot path of every pull: two buffers take turns, one being
 * filled while the other is on its way to the client, so that nothing is allocated as it goes. Over
 * Node's own file streams that halved the processor time of a pull.
 */
import type { FileHandle } from 'node:fs/promises'
import type { Bytes, Call, Opened, ReadCall } from '../driver.ts'

const bufferSize = 512 * 1024

/** All of `file`, which is closed once it is read or given up; undefined for a folder, which opens too. */
export async function openedFrom(file: FileHandle, { signal }: Call): Promise<Opened | undefined> {
  const giveUp = () => void file.close().catch(() => {})
  const found = await file.stat().catch((error) => {
    giveUp()
    throw error
  })
  if (!found.isFile()) return void giveUp()
  const { size, mtime: changedAt } = found
  const bytes = readFrom(file, { range: { first: 0, last: size - 1 }, signal })
  return { size, changedAt, bytes, giveUp }
}

/** Closes `file`, also when the reader ends early. A chunk is good until the next one is asked for. */
export async function* readFrom(file: FileHandle, { range, signal }: ReadCall): Bytes {
  let filling: Promise<Uint8Array> | undefined
  try {
    let position = range?.first ?? 0
    const end = range ? range.last + 1 : (await file.stat()).size
    const size = Math.min(bufferSize, end - position)
    const buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)] as const

    const fill = async (buffer: Buffer) => {
      signal?.throwIfAborted()
      const length = Math.min(size, end - position)
      const { bytesRead } = await file.read(buffer, 0, length, position)
      position += bytesRead
      return buffer.subarray(0, bytesRead)
    }

    filling = fill(buffers[0])
    for (let turn = 1; ; turn++) {
      const chunk = await filling
      if (chunk.length === 0) return
      filling = fill(buffers[turn % 2 === 0 ? 0 : 1])
      // A failure is thrown where the chunk is awaited; until then it must not be unhandled.
      filling.catch(() => {})
      yield chunk
    }
  } finally {
    // A read that is under way would otherwise land in a file that was opened later.
    await filling?.catch(() => {})
    await file.close()
  }
}
