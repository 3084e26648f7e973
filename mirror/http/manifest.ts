/** GET and HEAD of a manifest: by digest from here if it is here, by tag as the upstream had it at last. */
import type { CallContext, Handler } from '../../registry/http/context.ts'
import { isDigest } from '../../registry/protocol/digest.ts'
import { isTag, type Tag } from '../../registry/protocol/name.ts'
import { limitHeaders, staleWarning } from '../failures.ts'
import type { MirroredManifests } from '../manifests.ts'
import type { MirroredTags } from '../tags/tags.ts'
import { answered, type MirrorContext, type MirrorHandler } from './context.ts'

type Parts = { answer: Handler; tags: MirroredTags; manifests: MirroredManifests }

export function manifestAnswer({ answer, tags, manifests }: Parts): MirrorHandler {
  const answeredHere = (ctx: CallContext) => answered(ctx, { answer, unless: 'manifestUnknown' })

  return async (ctx, mirrored) => {
    const { reference } = ctx.state.target
    if (isTag(reference)) return answerTag(ctx, reference, mirrored)
    if (await answeredHere(ctx)) return
    if (isDigest(reference)) await manifests.fetch(mirrored, reference)
    await answer(ctx)
  }

  async function answerTag(ctx: CallContext, tag: Tag, mirrored: MirrorContext): Promise<void> {
    const { repository, source, settings } = mirrored
    const place = { repository, source, ttlMs: settings.tagTtlMs }
    const { failure, isNew } = await tags.refresh(place, tag)
    warn(ctx, failure)
    ctx.set(limitHeaders(source.upstream))
    if (await answeredHere(ctx)) return
    // What was here when the upstream was asked may have been removed since.
    if (!isNew) warn(ctx, (await tags.refresh({ ...place, ttlMs: 0 }, tag)).failure)
    await answer(ctx)
  }
}

function warn(ctx: CallContext, failure: string | undefined): void {
  if (failure === undefined) ctx.remove('Warning')
  else ctx.set('Warning', staleWarning(failure))
}
