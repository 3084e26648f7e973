/** Byte ranges: the `Range` a pull asks for and the `Content-Range` a chunk of an upload declares. */
import { RegistryError } from './errors.ts'

/** Both ends belong to the range. */
export type ByteRange = { first: number; last: number }

/**
 * The one range that a pull asks for. Undefined means the whole blob: no header, several ranges, or
 * a unit other than bytes, all of which RFC 9110 (14.2) lets a server ignore. Throws
 * `rangeNotSatisfiable` when the range lies outside of a blob of `size` bytes.
 */
export function parseRange(header: string, size: number): ByteRange | undefined {
  const found = /^bytes=(?:(\d+)-(\d*)|-(\d+))$/i.exec(header.trim())
  if (!found) return undefined

  const [, from, to, suffix] = found
  if (suffix !== undefined) return satisfiable(Math.max(0, size - Number(suffix)), size - 1, size)
  // A range that ends before it begins is not a range: RFC 9110 has it ignored.
  if (to && Number(to) < Number(from)) return undefined
  return satisfiable(Number(from), to ? Math.min(Number(to), size - 1) : size - 1, size)
}

function satisfiable(first: number, last: number, size: number): ByteRange {
  if (first <= last) return { first, last }
  throw new RegistryError('rangeNotSatisfiable', {
    detail: { size },
    headers: { 'Content-Range': `bytes */${size}` },
  })
}

/**
 * The range a chunk covers, `<first>-<last>` as "Pushing a blob in chunks" has it; the form of
 * RFC 9110, `bytes <first>-<last>/<size>`, is read as well. Throws `badRange`.
 */
export function parseContentRange(header: string): ByteRange | undefined {
  if (header === '') return undefined
  const found = /^(?:bytes )?(\d{1,15})-(\d{1,15})(?:\/(?:\d+|\*))?$/.exec(header)
  const [first, last] = [Number(found?.[1]), Number(found?.[2])]
  if (found && first <= last) return { first, last }
  throw new RegistryError('badRange', { detail: { found: header.slice(0, 200) } })
}

/** How a client learns what an upload holds. An empty upload answers as one byte does, `0-0`. */
export function receivedRange(size: number): string {
  return `0-${Math.max(0, size - 1)}`
}
