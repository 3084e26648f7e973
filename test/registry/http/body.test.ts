/** A manifest's bytes as they come: whole, and without the chunks that brought them. */
import { EventEmitter } from 'node:events'
import { expect, it } from '@jest/globals'
import { readManifestBody } from '../../../registry/http/body.ts'
import { createBodyBudget } from '../../../registry/http/body-budget.ts'
import type { CallContext } from '../../../registry/http/context.ts'
import { largestManifest } from '../../../registry/protocol/manifest.ts'

function read(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const ctx = {
    get: () => '',
    req: { iterator: () => chunks },
    res: new EventEmitter(),
    state: { identity: { name: 'ann' } },
  }
  return readManifestBody(ctx as unknown as CallContext, createBodyBudget())
}

/** In one and the same memory: to keep a chunk of one byte would cost hundreds of bytes. */
async function* overwritten(text: string, size: number) {
  const chunk = Buffer.alloc(size)
  for (let at = 0; at < text.length; at += size) {
    yield chunk.subarray(0, chunk.write(text.slice(at, at + size)))
  }
}

it.each([1, 2, 7, 1000])(
  'no chunk of %d bytes is kept until the others have come',
  async (size) => {
    const text = Array.from({ length: 300 }, (_, index) => `line ${index}`).join('\n')
    expect((await read(overwritten(text, size))).toString()).toBe(text)
  },
)

it('a manifest may be as large as the specification says, and not a byte larger', async () => {
  const chunks = async function* (last: number) {
    yield Buffer.alloc(largestManifest - 1)
    yield Buffer.alloc(last)
  }
  expect(await read(chunks(1))).toHaveLength(largestManifest)
  await expect(read(chunks(2))).rejects.toMatchObject({ reason: 'manifestTooLarge' })
  expect(await read(chunks(0))).toHaveLength(largestManifest - 1)
})
