/** GET, HEAD and DELETE /v2/<name>/blobs/<digest> ("Pulling blobs", "Deleting Blobs"). */
import type { Blob, Blobs } from '../content/blobs.ts'
import { paths } from '../content/paths.ts'
import type { Protection } from '../content/protection/protection.ts'
import { entityTag, hasDigest } from '../protocol/conditions.ts'
import { type Digest, parseDigest } from '../protocol/digest.ts'
import { RegistryError } from '../protocol/errors.ts'
import type { Tag } from '../protocol/name.ts'
import { type ByteRange, parseRanges } from '../protocol/range.ts'
import type { FindUrl, Opened } from '../storage/driver.ts'
import { byteranges } from './byteranges.ts'
import { answerEmpty, type CallContext, type Handler, type Handlers } from './context.ts'
import { sendBytes } from './send.ts'

type Sources = {
  blobs: Pick<Blobs, 'find' | 'open' | 'read'>
  /** Without it all bytes come from here. */
  findUrl?: FindUrl | undefined
}
type Parts = Sources & { blobs: Blobs; protection: Protection }

export function blobHandlers(parts: Parts): Handlers {
  const send = createBlobAnswer(parts)
  return { GET: send, HEAD: send, DELETE: removal(parts) }
}

/** Answers GET and HEAD. `blobs` may have blobs that are still on their way. */
export function createBlobAnswer({ blobs, findUrl }: Sources): Handler {
  return send

  async function send(ctx: CallContext) {
    const { signal, target } = ctx.state
    const digest = parseDigest(target.reference)
    const opened =
      !findUrl && wantsAll(ctx) && (await blobs.open(target.repository, digest, { signal }))
    if (opened) return sendOpened(ctx, digest, opened)

    const blob = await blobs.find(target.repository, digest, { signal })
    if (!blob) throw new RegistryError('blobUnknown', { detail: digest })

    nameFor(ctx, digest)
    if (hasAlready(ctx, digest)) return answerEmpty(ctx, 304, {})

    const ranges = wantedRanges(ctx, digest, blob)
    const location = await findElsewhere(ctx, blob)
    if (location) return sendElsewhere(ctx, digest, location)
    if (ranges && ranges.length > 1) return sendParts(ctx, digest, blob, ranges)
    return sendPart(ctx, digest, blob, ranges?.[0])
  }

  /**
   * Undefined also for requests that the storage would answer in another way than we do: it does not know
   * our ETag, so that an `If-Match` with it would fail there.
   */
  async function findElsewhere(ctx: CallContext, blob: Blob): Promise<string | undefined> {
    if (ctx.method !== 'GET' || onlyHere.some((name) => ctx.get(name))) return undefined
    // Object stores answer a list of ranges with the whole object.
    if (ctx.get('Range').includes(',')) return undefined
    const call = { size: blob.size, signal: ctx.state.signal }
    return findUrl?.(paths.blob(blob.canonical), call)
  }

  async function sendPart(
    ctx: CallContext,
    digest: Digest,
    blob: Blob,
    range: ByteRange | undefined,
  ) {
    describe(ctx, digest, { size: blob.size, range })
    if (ctx.method !== 'GET') return
    if (!ctx.state.nameBlob || blob.size === 0) {
      return sendBytes(ctx, await open(blob, digest, range, ctx))
    }
    const all = { first: 0, last: blob.size - 1 }
    ctx.state.nameBlob({ digest: blob.canonical, range: range ?? all })
  }

  async function sendParts(ctx: CallContext, digest: Digest, blob: Blob, ranges: ByteRange[]) {
    const parts = byteranges(ranges, blob.size, blobType)
    describe(ctx, digest, { size: blob.size, range: undefined })
    ctx.set('Content-Type', parts.type)
    ctx.status = 206
    ctx.length = parts.length
    if (ctx.method !== 'GET') return
    await sendBytes(
      ctx,
      parts.body((range) => open(blob, digest, range, ctx)),
    )
  }

  /** It was found a moment ago; if it has been collected since, that is no failure of ours. */
  async function open(blob: Blob, digest: Digest, range: ByteRange | undefined, ctx: CallContext) {
    const bytes = await blobs.read(blob, { range, signal: ctx.state.signal })
    if (!bytes) throw new RegistryError('blobUnknown', { detail: digest })
    return bytes
  }
}

function removal({ blobs, protection }: Parts): Handler {
  return async (ctx) => {
    const { signal, target, may } = ctx.state
    const { repository } = target
    const digest = parseDigest(target.reference)
    const mayRemove = (tag: Tag) => may({ action: 'delete', repository, tag })
    const named = { kind: 'blob', digest, mayRemove } as const
    const removed = await protection.removing(repository, named, (under) =>
      blobs.unlink(under, { repository, digest }, { signal }),
    )
    if (!removed) {
      throw new RegistryError('blobUnknown', { detail: digest })
    }
    answerEmpty(ctx, 202, { 'Docker-Content-Digest': digest })
  }
}

const blobType = 'application/octet-stream'
const conditions = ['Range', 'If-Range', 'If-Match', 'If-None-Match']

/** Whether the blob is sent as a whole, without any condition to be looked at first. */
function wantsAll(ctx: CallContext): boolean {
  if (ctx.method !== 'GET' || ctx.state.nameBlob) return false
  return !conditions.some((name) => ctx.get(name))
}

async function sendOpened(
  ctx: CallContext,
  digest: Digest,
  { size, bytes }: Opened,
): Promise<void> {
  nameFor(ctx, digest)
  describe(ctx, digest, { size, range: undefined })
  await sendBytes(ctx, bytes)
}

/** A digest never names other bytes, so a client may keep them for good. */
function nameFor(ctx: CallContext, digest: Digest): void {
  ctx.set({ ETag: entityTag(digest), 'Cache-Control': 'max-age=31536000' })
}

type Part = { size: number; range: ByteRange | undefined }

function describe(ctx: CallContext, digest: Digest, { size, range }: Part): void {
  ctx.set({ 'Docker-Content-Digest': digest, 'Accept-Ranges': 'bytes' })
  ctx.set('Content-Type', blobType)
  ctx.status = range ? 206 : 200
  if (range) ctx.set('Content-Range', `bytes ${range.first}-${range.last}/${size}`)
  ctx.length = range ? range.last - range.first + 1 : size
}

/** Conditions that clients repeat wherever they are sent. */
const onlyHere = ['If-Match', 'If-Range', 'If-Unmodified-Since']

/** The address alone gives the bytes to any client, and only for a while: no cache may keep it. */
function sendElsewhere(ctx: CallContext, digest: Digest, location: string): void {
  ctx.remove('ETag')
  answerEmpty(ctx, 307, {
    Location: location,
    'Cache-Control': 'no-store',
    'Docker-Content-Digest': digest,
  })
}

/** Throws `preconditionFailed` when the client insists on other bytes. */
function hasAlready(ctx: CallContext, digest: Digest): boolean {
  const ifMatch = ctx.get('If-Match')
  if (ifMatch && !hasDigest(ifMatch, digest)) throw new RegistryError('preconditionFailed')
  return hasDigest(ctx.get('If-None-Match'), digest)
}

/** A client that resumes with If-Range gets the whole blob unless it means this one (RFC 9110, 13.1.5). */
function wantedRanges(ctx: CallContext, digest: Digest, blob: Blob): ByteRange[] | undefined {
  const ifRange = ctx.get('If-Range')
  if (ifRange && !hasDigest(ifRange, digest)) return undefined
  return parseRanges(ctx.get('Range'), blob.size)
}
