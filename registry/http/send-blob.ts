/** Sends a blob that a registry elsewhere has named, from the storage that both have at hand. */
import { paths } from '../content/paths.ts'
import type { Digest } from '../protocol/digest.ts'
import type { ByteRange } from '../protocol/range.ts'
import type { StorageDriver } from '../storage/driver.ts'
import type { Context } from './context.ts'
import { sendBytes } from './send.ts'

/** Answers false, and has sent nothing, when the bytes are not here. */
export function createBlobSender(storage: StorageDriver) {
  return async (ctx: Context, { digest, range }: { digest: Digest; range: ByteRange }) => {
    const call = { range, signal: ctx.state.signal }
    const bytes = await storage.read(paths.blob(digest), call)
    if (bytes) await sendBytes(ctx, bytes)
    return bytes !== undefined
  }
}
