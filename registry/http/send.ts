/**
 * Sends bytes from storage to the client, each chunk once the one before has left, so that storage can
 * use its buffers again. Koa would pipe a stream instead, which costs twice as much.
 */
import type { ServerResponse } from 'node:http'
import { paths } from '../content/paths.ts'
import type { Digest } from '../protocol/digest.ts'
import type { ByteRange } from '../protocol/range.ts'
import type { Bytes, StorageDriver } from '../storage/driver.ts'
import type { CallContext } from './context.ts'

/** Status and headers are set by now. Resolves once the client has everything, or is gone. */
export async function sendBytes(ctx: CallContext, bytes: Bytes): Promise<void> {
  const { res } = ctx
  ctx.respond = false
  try {
    for await (const chunk of bytes) {
      if (isGone(res)) return
      await written(res, chunk)
    }
    res.end()
  } catch (error) {
    // As long as nothing has left, the failure can still be answered as any other.
    ctx.respond = !res.headersSent
    if (ctx.respond) throw error
    ctx.app.emit('error', error, ctx)
    // The head is out: only breaking off can still say that this is not all.
    res.destroy(error instanceof Error ? error : undefined)
  }
}

/**
 * Sends a blob that a worker has named, from the storage that both have at hand. Answers false, and has sent
 * nothing, when the bytes are not here.
 */
export function createBlobSender(storage: StorageDriver) {
  return async (ctx: CallContext, { digest, range }: { digest: Digest; range: ByteRange }) => {
    const call = { range, signal: ctx.state.signal }
    const bytes = await storage.read(paths.blob(digest), call)
    if (bytes) await sendBytes(ctx, bytes)
    return bytes !== undefined
  }
}

/** A response hears late that its connection is gone, and until then says nothing of a write. */
function isGone({ destroyed, socket }: ServerResponse): boolean {
  return destroyed || socket?.destroyed === true
}

function written(res: ServerResponse, chunk: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  res.write(chunk, () => resolve())
  return promise
}
