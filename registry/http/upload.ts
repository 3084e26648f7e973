/**
 * GET, HEAD, PATCH, PUT and DELETE /v2/<name>/blobs/uploads/<id>: the steps of an upload ("Pushing a
 * blob in chunks", "Cancel a blob upload").
 */
import { parseDigest } from '../protocol/digest.ts'
import { RegistryError } from '../protocol/errors.ts'
import { parseContentRange, receivedRange } from '../protocol/range.ts'
import { carriedIn } from '../uploads/bucket/signed-state.ts'
import type { AskedUpload, Progress, Uploads } from '../uploads/rules.ts'
import type { Chunk } from '../uploads/store.ts'
import { bodyOf, declaredLength, hasBody } from './body.ts'
import { answerEmpty, type CallContext, type Handlers, queryOf } from './context.ts'
import type { Locations } from './locations.ts'

type Parts = { uploads: Uploads; locations: Locations }

export function uploadHandlers({ uploads, locations }: Parts): Handlers {
  return { GET: status, HEAD: status, PATCH: append, PUT: commit, DELETE: cancel }

  async function status(ctx: CallContext) {
    answerEmpty(ctx, 204, tell(ctx, await uploads.progress(uploadOf(ctx))))
  }

  async function append(ctx: CallContext) {
    const type = ctx.get('Content-Type')
    if (type !== '' && !/^application\/octet-stream\s*(;|$)/i.test(type)) {
      throw new RegistryError('uploadType', { detail: { found: type.slice(0, 200) } })
    }
    const now = await inOrder(ctx, () => uploads.append(uploadOf(ctx), chunkOf(ctx)))
    answerEmpty(ctx, 202, tell(ctx, now))
  }

  async function commit(ctx: CallContext) {
    const text = queryOf(ctx).get('digest')
    if (!text) throw new RegistryError('digestMissing')

    const digest = parseDigest(text)
    const chunk = hasBody(ctx) ? chunkOf(ctx) : undefined
    await inOrder(ctx, () => uploads.commit(uploadOf(ctx), digest, chunk))
    answerEmpty(ctx, 201, {
      Location: locations.blob(ctx, digest),
      'Docker-Content-Digest': digest,
    })
  }

  async function cancel(ctx: CallContext) {
    const upload = uploadOf(ctx)
    await uploads.cancel(upload)
    answerEmpty(ctx, 204, { 'Docker-Upload-UUID': upload.id })
  }

  function tell(ctx: CallContext, { size, carried }: Progress): Record<string, string> {
    const { id } = uploadOf(ctx)
    return {
      Location: locations.upload(ctx, { id, carried }),
      Range: receivedRange(size),
      'Docker-Upload-UUID': id,
    }
  }

  /** The refusal of a wrong chunk says where the right one goes: a client at byte 10 hears `0-4`. */
  async function inOrder<T>(ctx: CallContext, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof RegistryError && error.reason === 'uploadOutOfOrder') {
        // The state in the client's URL may be forged, and is not given back.
        Object.assign(error.headers, tell(ctx, await uploads.progress(uploadOf(ctx))))
      }
      throw error
    }
  }
}

function uploadOf(ctx: CallContext): AskedUpload {
  const { repository, reference } = ctx.state.target
  const carried = queryOf(ctx).get(carriedIn) ?? undefined
  return { repository, id: reference, by: ctx.state.identity, carried }
}

function chunkOf(ctx: CallContext): Chunk {
  const range = parseContentRange(ctx.get('Content-Range'))
  const length = declaredLength(ctx)
  if (range && length !== undefined && length !== range.last - range.first + 1) {
    const detail = { contentRange: ctx.get('Content-Range'), contentLength: length }
    throw new RegistryError('sizeMismatch', { detail })
  }
  return { source: bodyOf(ctx), range }
}
