/**
 * Reads what is left of a body that nobody wants. A client that is still sending would otherwise see
 * its connection break instead of the answer that says why.
 */
import type { IncomingMessage } from 'node:http'

const mostBytes = 16 * 1024 * 1024
const mostTime = 5_000

/** False when there was too much of it: then the connection is of no more use. */
export async function drain(request: IncomingMessage): Promise<boolean> {
  if (request.complete && request.readableLength === 0) return true

  const { promise, resolve } = Promise.withResolvers<boolean>()
  let seen = 0
  const count = (chunk: Uint8Array) => {
    seen += chunk.length
    if (seen > mostBytes) resolve(false)
  }
  const timer = setTimeout(resolve, mostTime, false)
  request.on('data', count)
  request.once('end', () => resolve(true)).once('close', () => resolve(false))
  request.resume()
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    request.off('data', count)
  }
}
