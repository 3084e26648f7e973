/**
 * Refuses requests that two readers may read in two ways, and those that RFC 9112 wants refused: what
 * stands before or behind this server could take them for other requests. Node's parser has refused the
 * rest of them already.
 */
import type { IncomingMessage } from 'node:http'
import { type Reason, RegistryError } from '../../registry/protocol/errors.ts'
import type { Middleware } from '../context.ts'
import { parseAsked } from './asked-host.ts'
import { originOf } from './forwarded.ts'

/** Leaves the address by which the client asks: no later step reads the host of a request. */
export const refuseMalformed: Middleware = (ctx, next) => {
  try {
    const reason = findFault(ctx.req)
    if (reason !== undefined) throw new RegistryError(reason)
    ctx.state.origin = originOf(ctx, parseAsked(ctx.req))
  } catch (error) {
    // The next bytes of the connection may be a part of the request that was refused.
    if (error instanceof RegistryError) error.headers.Connection = 'close'
    throw error
  }
  return next()
}

/** Undefined for a request that can be read in one way only. */
function findFault(request: IncomingMessage): Reason | undefined {
  const { headers, httpVersionMajor: major, httpVersionMinor: minor } = request
  if (major !== 1) return 'versionUnknown'
  const coding = headers['transfer-encoding']
  if (coding !== undefined && minor === 0) return 'codingTooNew'
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'codingUnknown'
  // HTTP/1.0 has no expectations, and what it says of them means nothing.
  const expected = minor > 0 && headers.expect
  return expected && expected.toLowerCase() !== '100-continue' ? 'expectationUnknown' : undefined
}
