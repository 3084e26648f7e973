/** GET and HEAD of a blob: from here, or as it comes from the upstream. */
import type { Blobs } from '../../registry/content/blobs.ts'
import { createBlobAnswer } from '../../registry/http/blob.ts'
import type { CallContext, Handler } from '../../registry/http/context.ts'
import { type Digest, parseDigest } from '../../registry/protocol/digest.ts'
import type { Downloads } from '../blobs/downloads.ts'
import { createFollowedBlobs } from '../blobs/followed.ts'
import { answered, type MirrorContext, type MirrorHandler } from './context.ts'

type Parts = { answer: Handler; downloads: Downloads; blobs: Blobs }

export function blobAnswer({ answer, downloads, blobs }: Parts): MirrorHandler {
  return async (ctx, mirrored) => {
    if (await answered(ctx, { answer, unless: 'blobUnknown' })) return
    const digest = parseDigest(ctx.state.target.reference)
    if (ctx.method === 'HEAD') return answerHead(ctx, digest, mirrored)

    const { repository, source, settings } = mirrored
    const { signal } = ctx.state
    const onWaiting = () => ctx.res.flushHeaders()
    const asked = { repository, digest, source, lingerMs: settings.lingerMs }
    await downloads.follow(asked, async (download) => {
      const followed = createFollowedBlobs({ download, repository, blobs, signal, onWaiting })
      // Bytes on their way cannot be sent by anyone else.
      ctx.state.nameBlob = undefined
      await createBlobAnswer({ blobs: followed })(ctx)
    })
  }

  /** Nothing is fetched for it. A size that the upstream does not say is not said here either. */
  async function answerHead(ctx: CallContext, digest: Digest, { source }: MirrorContext) {
    const { upstream, remote, via } = source
    const call = { signal: ctx.state.signal, via }
    const found = await upstream.blobs.find(remote, digest, call)
    const size = found && (found.size ?? 0)
    const find = async () => (size === undefined ? undefined : { canonical: digest, size })
    const none = async () => undefined
    await createBlobAnswer({ blobs: { find, open: none, read: none } })(ctx)
    if (found?.size === undefined) ctx.remove('Content-Length')
  }
}
