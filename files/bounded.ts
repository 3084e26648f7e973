/**
 * Reads a whole file up to a limit. A larger one is not read to its end: a wrong path may lead to a disk
 * image, or to a device without an end.
 */
import { open } from 'node:fs/promises'

/** Rejects as `readFile` does, and with the code `EFBIG` when there is more. */
export async function readAtMost(path: string, mostBytes: number): Promise<Buffer> {
  const file = await open(path)
  const chunks: Buffer[] = []
  let length = 0
  // The stream closes the file, however it ends.
  for await (const chunk of file.createReadStream({ end: mostBytes })) {
    chunks.push(chunk)
    length += chunk.length
  }
  if (length <= mostBytes) return Buffer.concat(chunks)
  const message = `this has more than ${mostBytes} bytes, which is the most for such a file`
  throw Object.assign(new Error(message), { code: 'EFBIG' })
}
