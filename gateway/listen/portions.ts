/**
 * Cuts what comes over a connection behind each head and behind each body, so that a parser is never
 * given more than one request at once. Where a portion ends decides nothing but that: the parser alone
 * says what is a request.
 */
import type { IncomingHttpHeaders } from 'node:http'

const headEnd = Buffer.from('\r\n\r\n')

export function createPortions() {
  /** The bytes that are still to come of a body whose length is known. */
  let bodyLeft = 0
  /** The last bytes of what was given out, where an end may have begun. */
  let tail = ''

  return {
    /** After the portion that completed a head: what comes next is its body. */
    begin(headers: IncomingHttpHeaders): void {
      bodyLeft = headers['transfer-encoding'] ? 0 : Number(headers['content-length'] ?? 0)
    },

    /** How many of these bytes are the next portion. */
    next(bytes: Buffer): number {
      if (bodyLeft > 0) {
        const size = Math.min(bodyLeft, bytes.length)
        bodyLeft -= size
        return size
      }
      const end = endIn(bytes)
      if (end !== undefined) tail = ''
      else tail = (tail + bytes.toString('latin1', Math.max(bytes.length - 3, 0))).slice(-3)
      return end ?? bytes.length
    },
  }

  /** Where an empty line ends, one that began in the bytes before included. */
  function endIn(bytes: Buffer): number | undefined {
    if (tail !== '') {
      const seam = tail + bytes.toString('latin1', 0, 3)
      const begins = seam.indexOf('\r\n\r\n')
      if (begins >= 0) return begins + headEnd.length - tail.length
    }
    const begins = bytes.indexOf(headEnd)
    return begins < 0 ? undefined : begins + headEnd.length
  }
}
