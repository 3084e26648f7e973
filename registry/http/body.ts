/** The body of a request: whether there is one, its bytes as they come, or all of a small one. */
import { RegistryError } from '../spec/errors.ts'
import { largestManifest } from '../spec/manifest.ts'
import type { Bytes } from '../storage/driver.ts'
import type { BodyBudget } from './body-budget.ts'
import type { Context } from './context.ts'

export function declaredLength(ctx: Context): number | undefined {
  const header = ctx.get('Content-Length')
  return header === '' ? undefined : Number(header)
}

export function hasBody(ctx: Context): boolean {
  return ctx.get('Transfer-Encoding') !== '' || (declaredLength(ctx) ?? 0) > 0
}

/** The bytes as they arrive. A reader that stops early leaves the connection usable for an answer. */
export function bodyOf(ctx: Context): Bytes {
  return ctx.req.iterator({ destroyOnReturn: false })
}

/** A manifest as a whole. Throws `manifestTooLarge` and `tooManyBodies`. */
export async function readManifestBody(ctx: Context, budget: BodyBudget): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = declaredLength(ctx) ?? 0
  refuseAbove(size)
  size = 0
  const take = budget.openFor(ctx)
  for await (const chunk of bodyOf(ctx)) {
    size += chunk.length
    refuseAbove(size)
    take(chunk.length)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function refuseAbove(size: number): void {
  if (size <= largestManifest) return
  throw new RegistryError('manifestTooLarge', { detail: { allowedBytes: largestManifest } })
}
