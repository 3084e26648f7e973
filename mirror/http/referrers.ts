/** GET of the manifests that refer to another one: those of the upstream, as far as they could be fetched. */
import type { Handler } from '../../registry/http/context.ts'
import { parseDigest } from '../../registry/protocol/digest.ts'
import { staleWarning } from '../failures.ts'
import type { MirroredReferrers } from '../referrers.ts'
import type { MirrorHandler } from './context.ts'

type Parts = { answer: Handler; referrers: MirroredReferrers }

export function referrersAnswer({ answer, referrers }: Parts): MirrorHandler {
  return async (ctx, { repository, source, settings }) => {
    const subject = parseDigest(ctx.state.target.reference)
    const place = { repository, source, ttlMs: settings.tagTtlMs }
    const failure = await referrers.refresh(place, subject)
    if (failure !== undefined) ctx.set('Warning', staleWarning(failure))
    await answer(ctx)
  }
}
