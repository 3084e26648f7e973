/** The body of a request: whether there is one, its bytes as they come, or all of a small one. */
import { RegistryError } from '../protocol/errors.ts'
import { largestManifest } from '../protocol/manifest.ts'
import type { Bytes } from '../storage/driver.ts'
import type { BodyBudget } from './body-budget.ts'
import type { CallContext } from './context.ts'

export function declaredLength(ctx: CallContext): number | undefined {
  const header = ctx.get('Content-Length')
  return header === '' ? undefined : Number(header)
}

export function hasBody(ctx: CallContext): boolean {
  return ctx.get('Transfer-Encoding') !== '' || (declaredLength(ctx) ?? 0) > 0
}

/** The bytes as they arrive. A reader that stops early leaves the connection usable for an answer. */
export function bodyOf(ctx: CallContext): Bytes {
  return ctx.req.iterator({ destroyOnReturn: false })
}

/** A manifest as a whole. Throws `manifestTooLarge` and `tooManyBodies`. */
export async function readManifestBody(ctx: CallContext, budget: BodyBudget): Promise<Buffer> {
  refuseAbove(declaredLength(ctx) ?? 0)
  const take = budget.openFor(ctx)
  let memory = Buffer.alloc(0)
  let size = 0
  for await (const chunk of bodyOf(ctx)) {
    refuseAbove(size + chunk.length)
    take(chunk.length)
    memory = grown(memory, size + chunk.length)
    memory.set(chunk, size)
    size += chunk.length
  }
  return memory.subarray(0, size)
}

/** Chunks are copied and not kept, since one that has a single byte takes hundreds of bytes of memory. */
function grown(memory: Buffer<ArrayBuffer>, needed: number): Buffer<ArrayBuffer> {
  if (needed <= memory.length) return memory
  const larger = Buffer.allocUnsafe(Math.max(needed, 2 * memory.length))
  larger.set(memory)
  return larger
}

function refuseAbove(size: number): void {
  if (size <= largestManifest) return
  throw new RegistryError('manifestTooLarge', { detail: { allowedBytes: largestManifest } })
}
