/**
 * The other side of the door: what a worker process does with a request. It believes what a gateway
 * has signed about the user, and reads the target for itself, with the gateway's own parser.
 */
import Koa from 'koa'
import type { Policy } from '../../policies/engine/decision.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import { letAsk } from '../access/denials.ts'
import type { ReportRefusal } from '../access/refusal-lines.ts'
import type { GatewayContext, GatewayState, Middleware } from '../context.ts'
import { answerErrors } from '../http/errors.ts'
import { lifetime } from '../http/lifetime.ts'
import { readTarget } from '../http/target.ts'
import type { CallSigner } from './call-signer.ts'
import type { Pool } from './pool.ts'
import { internalHeaders, nameBlob, namePushed } from './wire-headers.ts'

export type WorkerParts = {
  signer: CallSigner
  policy: () => Policy
  /** Whether this process is about to stop. */
  isLeaving: () => boolean
  registry: Pool
  /** Hears of what a policy denies while a request is answered. */
  reportDenial?: ReportRefusal
}

export function createWorkerApp({
  signer,
  policy,
  isLeaving,
  registry,
  reportDenial,
}: WorkerParts) {
  return new Koa<GatewayState>()
    .use(sayWhenLeaving(isLeaving))
    .use(lifetime)
    .use(readOn)
    .use(answerErrors)
    .use(readIdentity(signer))
    .use((ctx, next) => letAsk(ctx, { policy, report: reportDenial })(next))
    .use(readTarget('/'))
    .use(async (ctx) => {
      await registry.forward(ctx)
      const { pushed } = ctx.state
      if (pushed) ctx.set(internalHeaders.pushed, namePushed(pushed))
    })
}

/**
 * A gateway hears at once what it can tell its client, and then sends no more. A connection that the
 * answer closed would break off what is on its way, and the gateway's reading of the answer.
 */
const readOn: Middleware = async (ctx, next) => {
  await next()
  ctx.req.resume()
}

/** Gateways then send nothing more, and nobody is turned away when the listener closes. */
function sayWhenLeaving(isLeaving: () => boolean): Middleware {
  return (ctx, next) => {
    if (isLeaving()) ctx.set(internalHeaders.leaving, 'yes')
    return next()
  }
}

function readIdentity(signer: CallSigner): Middleware {
  return (ctx, next) => {
    const signed = signer.verify(ctx.get(internalHeaders.identity), ctx)
    if (!signed)
      throw new RegistryError('unsigned', { headers: { [internalHeaders.unsigned]: 'yes' } })

    const { address, readsBlobs, requestId, origin, identity } = signed
    ctx.request.ip = address
    Object.assign(ctx.state, { requestId, origin, identity })
    if (readsBlobs) ctx.state.nameBlob = (blob) => answerName(ctx, nameBlob(blob))
    return next()
  }
}

/** Status and headers are those of the whole answer; only its length is that of no body. */
function answerName(ctx: GatewayContext, name: string): void {
  // Koa would take the type away with the body.
  ctx.respond = false
  ctx.set({ [internalHeaders.blob]: name, 'Content-Length': '0' })
  ctx.res.end()
}
