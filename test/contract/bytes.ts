/** Bytes in motion, for tests: sources that may break off, and what a reader makes of them. */
import { createHash } from 'node:crypto'
import type { Bytes } from '../../registry/storage/driver.ts'

/** A source that gives `chunks` and then breaks off, or just ends. */
export async function* source(chunks: Iterable<Uint8Array | string>, breakWith?: Error): Bytes {
  for (const chunk of chunks) yield Buffer.from(chunk)
  if (breakWith) throw breakWith
}

/** All of what a driver reads; a copy of each chunk, as the driver may use its buffers again. */
export async function bytesOf(read: Bytes | undefined): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of read ?? []) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

export function fingerprint(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
