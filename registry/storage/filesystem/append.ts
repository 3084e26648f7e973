/**
 * Adding a stream to a file. This is the hot path of every push: chunks are gathered into batches of
 * 1 MiB at most, and one batch is written while the next one arrives, which saves most of the system calls
 * and hides the rest behind the network.
 */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { addAbortSignal, Readable } from 'node:stream'
import { isFull } from '../../../files/full.ts'
import type { Bytes, Call, Fence } from '../driver.ts'

const batchSize = 1024 * 1024
/** A chunk of a single byte takes hundreds of bytes of memory, so chunks are counted, too. */
const mostChunks = 256
const newFile = 0o666

/** Opens a file that has `at` bytes, and need not exist for none. Any other size rejects. */
export async function openToAppend(path: string, at: number): Promise<FileHandle> {
  const create = at === 0 ? constants.O_CREAT : 0
  const file = await open(path, constants.O_WRONLY | create, newFile)
  try {
    const { size } = await file.stat()
    if (size !== at) throw new Error(`${path} has ${size} bytes where ${at} were expected`)
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

type Appending = Call & { at: number; flushName: () => Promise<unknown> }

/**
 * Answers the new size, and closes the file. However it ends, the bytes taken so far are on disk, in order.
 * Only when the disk is full, none of them stays: the client begins anew, and needs the room.
 */
export async function appendTo(
  file: FileHandle,
  source: Bytes,
  { at, flushName, signal, fence }: Appending,
): Promise<number> {
  try {
    return await writeAll(file, abortable(source, signal), { at, fence })
  } catch (error) {
    if (isFull(error)) await file.truncate(at)
    throw error
  } finally {
    await Promise.all([file.datasync(), flushName()]).finally(() => file.close())
  }
}

/** A request's own stream already ends when its client leaves; only other sources need wrapping. */
function abortable(source: Bytes, signal: AbortSignal | undefined): Bytes {
  if (!signal) return source
  if (source instanceof Readable) return addAbortSignal(signal, source)
  return Readable.from(source, { signal, objectMode: true })
}

type Place = { at: number; fence: Fence | undefined }

async function writeAll(file: FileHandle, source: Bytes, { at, fence }: Place): Promise<number> {
  let position = at
  let batch: Uint8Array[] = []
  let gathered = 0
  let writing: Promise<void> = Promise.resolve()

  const writeBatch = async () => {
    await writing
    const [chunks, start] = [batch, position]
    position += gathered
    batch = []
    gathered = 0
    fence?.check()
    writing = writeFully(file, chunks, start)
    // A failure is thrown where the promise is awaited next; until then it must not be unhandled.
    writing.catch(() => {})
  }

  try {
    for await (const chunk of source) {
      batch.push(chunk)
      gathered += chunk.length
      if (gathered >= batchSize || batch.length >= mostChunks) await writeBatch()
    }
  } finally {
    await writeBatch()
    await writing
  }
  return position
}

/** `writev` may write less than it was given, for instance when a disk fills up. */
async function writeFully(file: FileHandle, chunks: Uint8Array[], start: number): Promise<void> {
  let position = start
  let rest = chunks
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, position)
    position += bytesWritten
    rest = dropBytes(rest, bytesWritten)
  }
}

function dropBytes(chunks: Uint8Array[], count: number): Uint8Array[] {
  let left = count
  let index = 0
  for (; index < chunks.length; index++) {
    const length = chunks[index]?.length ?? 0
    if (left < length) break
    left -= length
  }
  const rest = chunks.slice(index)
  if (left > 0 && rest[0]) rest[0] = rest[0].subarray(left)
  return rest
}
