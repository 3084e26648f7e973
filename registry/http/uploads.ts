/**
 * POST /v2/<name>/blobs/uploads/: starts an upload, takes a whole blob, or mounts one from another
 * repository ("Pushing blobs", "Mounting a blob from another repository").
 */
import type { Blobs } from '../content/blobs.ts'
import type { Repositories } from '../content/repositories/repositories.ts'
import {
  algorithmOf,
  canonical,
  type Digest,
  digestOf,
  isDigest,
  parseAlgorithm,
  parseDigest,
} from '../protocol/digest.ts'
import { parseAnyRepository } from '../protocol/name.ts'
import { receivedRange } from '../protocol/range.ts'
import type { Uploads } from '../uploads/rules.ts'
import { bodyOf, hasBody } from './body.ts'
import { answerEmpty, type CallContext, type Handlers, queryOf } from './context.ts'
import type { Locations } from './locations.ts'

type Parts = {
  uploads: Uploads
  blobs: Blobs
  repositories: Repositories
  locations: Locations
}

export function uploadsHandlers({ uploads, blobs, repositories, locations }: Parts): Handlers {
  return { POST: begin }

  async function begin(ctx: CallContext) {
    const query = queryOf(ctx)
    const mounted = await mount(ctx, query)
    if (mounted) return answerCreated(ctx, mounted)

    const digest = query.get('digest')
    if (digest !== null && carriesBlob(ctx, parseDigest(digest))) {
      return answerCreated(ctx, await takeWhole(ctx, parseDigest(digest)))
    }
    const algorithm = parseAlgorithm(query.get('digest-algorithm') ?? canonical)
    const { id, carried } = await uploads.start(ctx.state.target.repository, {
      subject: ctx.state.identity.name,
      algorithm,
    })
    answerEmpty(ctx, 202, {
      Location: locations.upload(ctx, { id, carried }),
      Range: receivedRange(0),
      'Docker-Upload-UUID': id,
    })
  }

  /** Undefined when there is nothing they may mount: they then upload, as the specification has it. */
  async function mount(ctx: CallContext, query: URLSearchParams): Promise<Digest | undefined> {
    const digest = query.get('mount') ?? ''
    if (!isDigest(digest)) return undefined

    const { signal, target, may } = ctx.state
    // A mount without `from` needs the right to pull everywhere: a rule for `team/**` is not enough.
    const from = query.get('from') ?? ''
    if (!may({ action: 'pull', repository: from })) return undefined
    const found = from
      ? await findIn(from, digest, signal)
      : await blobs.findAnywhere(digest, { signal })
    if (!found) return undefined
    const linked = { repository: target.repository, digest, stored: found.canonical }
    await blobs.mount(linked, { signal })
    return digest
  }

  async function findIn(from: string, digest: Digest, signal: AbortSignal) {
    try {
      const repository = parseAnyRepository(from)
      await repositories.refuseNew(repository, { signal })
      return await blobs.find(repository, digest, { signal })
    } catch (error) {
      // A name that cannot exist is one more that has no such blob.
      if (signal.aborted) throw error
      return undefined
    }
  }

  async function takeWhole(ctx: CallContext, digest: Digest): Promise<Digest> {
    const { target, identity } = ctx.state
    const whole = { digest, source: bodyOf(ctx), subject: identity.name }
    await uploads.take(target.repository, whole)
    return digest
  }

  function answerCreated(ctx: CallContext, digest: Digest): void {
    const Location = locations.blob(ctx, digest)
    answerEmpty(ctx, 201, { Location, 'Docker-Content-Digest': digest })
  }
}

/** Some clients name the digest and send the bytes later; only an empty blob comes without a body. */
function carriesBlob(ctx: CallContext, digest: Digest): boolean {
  return hasBody(ctx) || digest === digestOf(algorithmOf(digest), new Uint8Array())
}
