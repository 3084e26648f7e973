/**
 * GET, HEAD, PUT and DELETE /v2/<name>/manifests/<reference> ("Pulling manifests", "Pushing
 * Manifests", "Deleting Manifests"). The stored bytes are sent for any Accept header.
 */
import type { Manifests } from '../content/manifests/manifests.ts'
import type { References } from '../content/manifests/references.ts'
import type { Protection } from '../content/protection/protection.ts'
import type { Tagged } from '../content/tags/tagged.ts'
import type { Pushed } from '../protocol/call.ts'
import { entityTag, hasDigest } from '../protocol/conditions.ts'
import { type Digest, parseDigest } from '../protocol/digest.ts'
import { RegistryError } from '../protocol/errors.ts'
import { type Manifest, parseManifest } from '../protocol/manifest.ts'
import { isTag, parseTag, type Tag } from '../protocol/name.ts'
import { readManifestBody } from './body.ts'
import type { BodyBudget } from './body-budget.ts'
import { answerEmpty, type CallContext, type Handler, type Handlers, queryOf } from './context.ts'
import type { Locations } from './locations.ts'

/** More than anyone needs, and few enough to fit a request line and an answer's header. */
const mostTags = 64

type Parts = {
  manifests: Manifests
  tagged: Tagged
  references: References
  protection: Protection
  locations: Locations
  /** Throws `denied` for a kind of content that this registry does not take. */
  checkClass: (manifest: Manifest) => void
  budget: BodyBudget
}

export function manifestHandlers(parts: Parts): Handlers {
  const send = sending(parts)
  return { GET: send, HEAD: send, PUT: taking(parts), DELETE: removal(parts) }
}

function sending({ manifests, tagged }: Parts): Handler {
  return send

  async function send(ctx: CallContext) {
    const { digest, manifest: found } = await find(ctx)
    if (!found) throw unknown(ctx.state.target.repository, digest)

    const tag = { ETag: entityTag(digest) }
    if (hasDigest(ctx.get('If-None-Match'), digest)) return answerEmpty(ctx, 304, tag)
    ctx.set({ ...tag, 'Docker-Content-Digest': digest })
    ctx.set('Content-Type', found.description.mediaType)
    ctx.body = found.bytes
  }

  async function find(ctx: CallContext) {
    const { signal, target } = ctx.state
    const { repository, reference } = target
    if (reference.includes(':')) {
      const digest = parseDigest(reference)
      return { digest, manifest: await manifests.find(repository, digest, { signal }) }
    }
    const found = isTag(reference) && (await tagged.find(repository, reference, { signal }))
    if (found) return found
    throw unknownTag(reference)
  }
}

function taking(parts: Parts): Handler {
  const { manifests, references, protection, locations, checkClass, budget } = parts
  return async (ctx) => {
    const { signal, target } = ctx.state
    const { repository, reference } = target
    const byDigest = reference.includes(':')
    const digest = byDigest ? parseDigest(reference) : undefined
    const named = parseTags(queryOf(ctx).getAll('tag'))
    for (const tag of named) refuseUnless(ctx, 'push', tag)

    const bytes = await readManifestBody(ctx, budget)
    const manifest = parseManifest(bytes, ctx.get('Content-Type'))
    checkClass(manifest)
    const tags = byDigest ? named : [parseTag(reference), ...named]
    const pushed = await protection.tagging(repository, tags, {
      mayRemove: (tag) => mayRemove(ctx, tag),
      work(within) {
        const checked = references.check(repository, manifest, { signal })
        // It is awaited with what else the push has to wait for.
        checked.catch(() => {})
        const mayMove = (tag: Tag) => ctx.state.may({ action: 'overwrite', repository, tag })
        const push = { bytes, manifest, digest, references: checked, tags, mayMove, within }
        return manifests.put(repository, push)
      },
    })
    ctx.state.pushed = pushedOf(manifest)
    answerEmpty(ctx, 201, {
      Location: locations.manifest(ctx, pushed),
      'Docker-Content-Digest': pushed,
      ...(manifest.subject && { 'OCI-Subject': manifest.subject }),
      ...(named.length > 0 && { 'OCI-Tag': named.join(', ') }),
    })
  }
}

function removal({ manifests, protection }: Parts): Handler {
  return async (ctx) => {
    const { repository, reference } = ctx.state.target
    if (reference.includes(':')) {
      const digest = parseDigest(reference)
      const may = (tag: Tag) => mayRemove(ctx, tag)
      const named = { kind: 'manifest', digest, mayRemove: may } as const
      const removed = await protection.removing(repository, named, (within) =>
        manifests.remove(repository, { digest, mayRemove: may, within }),
      )
      if (!removed) throw unknown(repository, digest)
    } else if (!isTag(reference) || !(await manifests.removeTag(repository, reference))) {
      throw unknownTag(reference)
    }
    answerEmpty(ctx, 202, {})
  }
}

function pushedOf({ shape, config, layers, manifests }: Manifest): Pushed {
  if (shape === 'index') {
    const platforms = manifests.filter(({ platform }) => platform && platform.os !== 'unknown')
    return { images: manifests.length, platforms: platforms.length }
  }
  const content = config ? [config, ...layers] : layers
  const bytes = content.reduce((sum, { size = 0 }) => sum + size, 0)
  return { layers: layers.length, bytes }
}

function mayRemove(ctx: CallContext, tag: Tag): boolean {
  return ctx.state.may({ action: 'delete', repository: ctx.state.target.repository, tag })
}

/** The tag in the path was asked about before the request came here; these are not in the path. */
function refuseUnless(ctx: CallContext, action: string, tag: Tag): void {
  const { repository } = ctx.state.target
  if (!ctx.state.may({ action, repository, tag }))
    throw new RegistryError('denied', { detail: { tag } })
}

function parseTags(texts: string[]): Tag[] {
  if (texts.length > mostTags) {
    throw new RegistryError('tooManyTags', { detail: { found: texts.length, allowed: mostTags } })
  }
  return [...new Set(texts.map(parseTag))]
}

function unknownTag(reference: string): RegistryError {
  return new RegistryError('manifestUnknown', { detail: `unknown tag=${reference.slice(0, 200)}` })
}

function unknown(repository: string, digest: Digest): RegistryError {
  const detail = `unknown manifest name=${repository} revision=${digest}`
  return new RegistryError('manifestUnknown', { detail })
}
