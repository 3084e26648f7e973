/** Byte ranges: the `Range` a pull asks for and the `Content-Range` a chunk of an upload declares. */
import { RegistryError } from './errors.ts'

/** Both ends belong to the range. */
export type ByteRange = { first: number; last: number }

/** As many as the clients ask for at most that fetch parts of layers. */
const mostRanges = 1024

/**
 * The ranges that a pull asks for, in the order of the request and at least one; those that overlap
 * are one, in the place of the first. Those that only touch stay apart: podman takes each part for the
 * next of the ranges it named, and does not look at its Content-Range. Undefined means the whole blob: no
 * header, one that is malformed, or a unit other than bytes, all of which RFC 9110 (14.2) lets a server
 * ignore. Throws `tooManyRanges`, and `rangeNotSatisfiable` when all of them lie outside of a blob of
 * `size` bytes.
 */
export function parseRanges(header: string, size: number): ByteRange[] | undefined {
  const [, list = ''] = /^bytes=(.*)$/i.exec(header.trim()) ?? []
  const texts = list.split(',').map((text) => text.trim())
  // An element may be empty (RFC 9110, 5.6.1).
  const found = texts.filter((text) => text !== '').map((text) => parseRange(text, size))
  const ranges = found.filter((range) => range !== undefined)
  if (ranges.length === 0 || ranges.length < found.length) return undefined
  if (ranges.length > mostRanges) {
    const detail = { found: ranges.length, allowed: mostRanges }
    throw new RegistryError('tooManyRanges', { detail })
  }

  const satisfiable = ranges.filter(({ first, last }) => first <= last)
  if (satisfiable.length > 0) return merge(satisfiable)
  throw new RegistryError('rangeNotSatisfiable', {
    detail: { size },
    headers: { 'Content-Range': `bytes */${size}` },
  })
}

/** Cut at the end of the blob, so one that lies behind it ends before it begins. */
function parseRange(text: string, size: number): ByteRange | undefined {
  const found = /^(?:(\d+)-(\d*)|-(\d+))$/.exec(text)
  if (!found) return undefined

  const [, from, to, suffix] = found
  if (suffix !== undefined) return { first: Math.max(0, size - Number(suffix)), last: size - 1 }
  // A range that is sent as ending before it begins makes the header malformed.
  if (to && Number(to) < Number(from)) return undefined
  return { first: Number(from), last: to ? Math.min(Number(to), size - 1) : size - 1 }
}

function merge(ranges: ByteRange[]): ByteRange[] {
  const placed = ranges.map((range, place) => ({ ...range, place }))
  const merged: typeof placed = []
  for (const range of placed.sort((one, other) => one.first - other.first)) {
    const before = merged.at(-1)
    if (before && range.first <= before.last) {
      before.last = Math.max(before.last, range.last)
      before.place = Math.min(before.place, range.place)
    } else merged.push(range)
  }
  merged.sort((one, other) => one.place - other.place)
  return merged.map(({ first, last }) => ({ first, last }))
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
