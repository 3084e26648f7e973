/** Bytes that break off when a signal says so, also while none of them come. */
import { Readable } from 'node:stream'
import type { Bytes } from '../registry/storage/driver.ts'

export function until(signal: AbortSignal, source: Bytes): Bytes {
  return Readable.from(source, { signal, objectMode: true, highWaterMark: 4 })
}
