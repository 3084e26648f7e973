/**
 * The door to workers in processes of their own: each request goes to the one with the least to do,
 * signed, and to another one where the first could not be reached.
 */
import type { IncomingMessage } from 'node:http'
import { RegistryError } from '../../registry/protocol/errors.ts'
import type { GatewayContext } from '../context.ts'
import type { CallSigner } from './call-signer.ts'
import { createHttpProxy } from './http-proxy.ts'
import type { Pool } from './pool.ts'
import { otherSecret } from './probe.ts'
import { breakOff, relay, relayBlob, type SendBlob } from './relay.ts'
import { headersFor, internalHeaders } from './wire-headers.ts'
import type { Worker } from './worker.ts'
import type { Workers } from './workers.ts'

export type ProxiedPoolParts = {
  workers: Workers
  signer: CallSigner
  /** Where the gateway has the storage at hand. */
  sendBlob?: SendBlob | undefined
}

type Attempt = { readsBlobs: boolean; isLast: boolean }
type Delivered = { readsBlobs: boolean; head: IncomingMessage }

/** A request costs a worker something, and so do its bytes, up to what keeps it busy for good. */
const weightOfBytes = 8 * 1024 * 1024
const mostWeight = 8

const mostAttempts = 3

export function createProxiedPool({ workers, signer, sendBlob }: ProxiedPoolParts): Pool {
  const exchange = createHttpProxy()

  return {
    async forward(ctx) {
      const mayName = sendBlob !== undefined && ctx.state.target.kind === 'blob'
      const named = await ask(ctx, mayName)
      if (!named || !sendBlob || (await relayBlob(ctx, named, sendBlob))) return
      await ask(ctx, false)
    },
  }

  /** Brings an answer to the client, unless a blob is named in it: then it comes back. */
  async function ask(
    ctx: GatewayContext,
    readsBlobs: boolean,
  ): Promise<IncomingMessage | undefined> {
    for (let attempt = 1; ctx.respond !== false; attempt++) {
      const worker = await workers.pick(ctx.state.signal)
      const end = worker.begin(weightOf(ctx))
      try {
        const isLast = attempt === mostAttempts
        const head = await reach(ctx, worker, { readsBlobs, isLast })
        if (head && isDisbelieved(head, worker) && !isLast && isHarmless(ctx)) {
          // Another worker may well believe us.
          head.resume()
          continue
        }
        if (head) return await deliver(ctx, worker, { head, readsBlobs })
      } finally {
        end()
      }
    }
    return undefined
  }

  /** The head of the worker's answer; undefined where there is none, and another may be asked. */
  async function reach(ctx: GatewayContext, worker: Worker, { readsBlobs, isLast }: Attempt) {
    const { answer, hasBegun } = send(ctx, worker, readsBlobs)
    try {
      return await answer
    } catch (error) {
      if (ctx.state.signal.aborted) throw error
      worker.failed()
      const canRepeat = !isLast && (!hasBegun() || isHarmless(ctx))
      return canRepeat ? undefined : breakOff(ctx, error)
    }
  }

  function send(ctx: GatewayContext, { address, agent }: Worker, readsBlobs: boolean) {
    const { requestId, origin, identity } = ctx.state
    const call = { requestId, origin, identity, address: ctx.ip, readsBlobs }
    // Not as it came: a client may have sent a whole URL, and the prefix ends here.
    const url = ctx.path + ctx.search
    const signed = signer.sign({ method: ctx.method, url }, call)
    const headers = headersFor(ctx.req.headers, signed)
    return exchange({ req: ctx.req, res: ctx.res, url, headers, to: address, agent })
  }

  async function deliver(ctx: GatewayContext, worker: Worker, { head, readsBlobs }: Delivered) {
    if (head.headers[internalHeaders.leaving]) worker.leaving()
    if (head.headers[internalHeaders.blob]) {
      if (readsBlobs) return head
      head.resume()
      throw new RegistryError('failed', { cause: new Error('a worker named a blob unasked') })
    }
    if (head.statusCode === 401) throw refused(head)
    await relay(ctx, head)
    return undefined
  }
}

/** Whether the worker has another secret; it gets no more requests then. */
function isDisbelieved({ headers }: IncomingMessage, worker: Worker): boolean {
  if (!headers[internalHeaders.unsigned]) return false
  worker.unfit(otherSecret)
  return true
}

/** Done twice, it is as if it was done once; and there is no body that may be gone already. */
function isHarmless({ method }: GatewayContext): boolean {
  return method === 'GET' || method === 'HEAD'
}

/** A worker decides nothing about people: what it refuses is the login it was told of. */
function refused(head: IncomingMessage): RegistryError {
  head.resume()
  if (!head.headers[internalHeaders.unsigned]) return new RegistryError('unauthorized')
  const cause = new Error(`a worker is of no use: ${otherSecret}`)
  return new RegistryError('unavailable', { headers: { 'Retry-After': '5' }, cause })
}

function weightOf({ req: { headers } }: GatewayContext): number {
  if (headers['transfer-encoding']) return mostWeight
  return Math.min(1 + Number(headers['content-length'] ?? 0) / weightOfBytes, mostWeight)
}
