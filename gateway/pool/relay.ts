/**
 * Brings a worker's answer to the client. A worker that dies in the middle breaks the client's
 * connection at once, and bytes that the gateway can read by itself do not cross the pool at all.
 */
import type { IncomingMessage } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { GatewayContext } from '../context.ts'
import { leaveBody } from '../http/early.ts'
import { internalHeaders, type NamedBlob, parseNamedBlob, parsePushed } from './wire-headers.ts'

/** Sends what was named; answers false when it cannot, before anything has left. */
export type SendBlob = (ctx: GatewayContext, blob: NamedBlob) => Promise<boolean>

/** Headers of one connection only, and those between gateway and worker. */
const ownHeaders = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
  'trailer',
  'te',
  'date',
  ...Object.values(internalHeaders),
])

export async function relay(ctx: GatewayContext, answer: IncomingMessage): Promise<void> {
  const { res } = ctx
  ctx.respond = false
  const pushed = parsePushed(answer.headers[internalHeaders.pushed])
  if (pushed) ctx.state.pushed = pushed
  copyHead(ctx, answer)
  leaveBody(ctx)
  if (ctx.method === 'HEAD' || hasNoBody(answer)) {
    answer.resume()
    res.end()
    return
  }
  // Heard before the pipeline ends the client's connection, and nobody could tell whose end came first.
  answer.once('error', (cause) => breakOff(ctx, cause))
  await pipeline(answer, res).catch(() => {})
}

/** The bytes of the blob that the answer names; false when it has to be asked for in full. */
export async function relayBlob(
  ctx: GatewayContext,
  answer: IncomingMessage,
  send: SendBlob,
): Promise<boolean> {
  answer.resume()
  const blob = parseNamedBlob(String(answer.headers[internalHeaders.blob]))
  const before = new Set(ctx.res.getHeaderNames())
  copyHead(ctx, answer)
  ctx.length = blob.range.last - blob.range.first + 1
  if (await send(ctx, blob)) return true
  // They were said of a blob that is not here; what comes next may be an error.
  const said = ctx.res.getHeaderNames().filter((name) => !before.has(name))
  for (const name of said) ctx.remove(name)
  return false
}

/** Ends the connection of a client whose worker is gone, before or in the answer. */
export function breakOff(ctx: GatewayContext, cause: unknown): undefined {
  const { res, state } = ctx
  const error = new Error(`the worker broke off: ${(cause as Error).message}`)
  ctx.respond = false
  if (!res.headersSent) res.statusCode = 502
  if (!state.signal.aborted) ctx.app.emit('error', error, ctx)
  res.destroy(error)
}

function copyHead(ctx: GatewayContext, answer: IncomingMessage): void {
  ctx.res.statusCode = answer.statusCode ?? 500
  // As the worker wrote them: there are clients that mind upper and lower case.
  const { rawHeaders } = answer
  const seen = new Set<string>()
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = '', value = ''] = rawHeaders.slice(index, index + 2)
    const key = name.toLowerCase()
    if (ownHeaders.has(key)) continue
    if (seen.has(key)) ctx.res.appendHeader(name, value)
    else ctx.res.setHeader(name, value)
    seen.add(key)
  }
}

function hasNoBody({ statusCode = 0, headers }: IncomingMessage): boolean {
  return statusCode === 204 || statusCode === 304 || headers['content-length'] === '0'
}
