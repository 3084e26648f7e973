/**
 * The mirrors, before the registry: what is asked for and not here is fetched, and then the registry answers as
 * for any repository. A local repository costs one look at its name.
 */
import type { Registry, RegistryRules } from '../registry/app.ts'
import type { CallContext } from '../registry/http/context.ts'
import { createLocations } from '../registry/http/locations.ts'
import type { Digest } from '../registry/protocol/digest.ts'
import type { Kind } from '../registry/protocol/endpoints.ts'
import { RegistryError } from '../registry/protocol/errors.ts'
import { isRepository } from '../registry/protocol/name.ts'
import type { StorageDriver } from '../registry/storage/driver.ts'
import type { Upstream } from '../upstream/registry.ts'
import { createDownloads } from './blobs/downloads.ts'
import { createEntries } from './blobs/entries.ts'
import { createLocalDrafts } from './blobs/local-draft.ts'
import { createSharedDrafts } from './blobs/shared-draft.ts'
import { createSizes } from './blobs/sizes.ts'
import { createSweep } from './blobs/sweep.ts'
import { limitHeaders, toAnswer } from './failures.ts'
import { createGuard } from './guard.ts'
import { blobAnswer } from './http/blob.ts'
import type { MirrorContext, MirrorHandler } from './http/context.ts'
import { manifestAnswer } from './http/manifest.ts'
import { referrersAnswer } from './http/referrers.ts'
import { tagsAnswer } from './http/tags.ts'
import { createMirroredManifests } from './manifests.ts'
import { createMirroredReferrers } from './referrers.ts'
import type { MirrorSettings } from './settings.ts'
import { findSteps } from './source.ts'
import { createAskedTimes } from './tags/asked.ts'
import { type Patience, usualPatience } from './tags/patience.ts'
import { createMirroredTags } from './tags/tags.ts'

type Mirrored = { settings: MirrorSettings; upstream: Upstream }

type Parts = {
  mirrors: readonly Mirrored[]
  registry: Registry
  /** A storage of this machine, where that of the content shows no value before it is whole. */
  local?: StorageDriver | undefined
  /** Hears of failures of an upstream that clients did not see. */
  report: (fields: object, message: string) => void
  rules: Pick<RegistryRules, 'largestTagPage' | 'locations'>
  patience?: Patience
}

export type Mirror = ReturnType<typeof createMirror>

export function createMirror(parts: Parts) {
  const { mirrors, registry, local, rules, report, patience = usualPatience } = parts
  const { storage, leases, blobs, manifests, tags, uploads, repositories } = registry.content
  const stopping = new AbortController()
  const { signal } = stopping
  const guard = createGuard(mirrors.map(({ settings }) => settings))
  const upstreams = new Map(mirrors.map(({ settings, upstream }) => [settings, upstream]))
  const entries = createEntries(storage)
  const openDraft = local
    ? createLocalDrafts({ local, uploads })
    : createSharedDrafts({ storage, uploads })
  const sizes = createSizes()
  const downloads = createDownloads({ blobs, leases, entries, sizes, openDraft })
  const mirroredManifests = createMirroredManifests({ manifests, sizes, signal })
  const asked = createAskedTimes(storage)
  const mirroredTags = createMirroredTags({
    ...{ tags, manifests: mirroredManifests, asked, leases, patience, signal, report },
  })
  const isHere = async (repository: string, digest: Digest) =>
    (await manifests.find(repository, digest)) !== undefined
  const referrers = createMirroredReferrers({
    ...{ asked, manifests: mirroredManifests, isHere, signal },
  })
  const answer = registry.handle
  const locations = createLocations(rules.locations)

  const handlers: Partial<Record<Kind, MirrorHandler>> = {
    manifest: manifestAnswer({ answer, tags: mirroredTags, manifests: mirroredManifests }),
    blob: blobAnswer({ answer, downloads, blobs }),
    tags: tagsAnswer({ tags, repositories, largestPage: rules.largestTagPage, locations }),
    referrers: referrersAnswer({ answer, referrers }),
  }

  return {
    handle,
    sweep: createSweep({ entries, leases, openDraft }),
    /** Downloads end where they are. */
    async close(): Promise<void> {
      stopping.abort()
      await downloads.close()
      await Promise.all(mirrors.map(({ upstream }) => upstream.close()))
    },
  }

  async function handle(ctx: CallContext): Promise<void> {
    const { kind, repository, action } = ctx.state.target
    const found = guard(ctx)
    if (!found) return answer(ctx)
    if (action !== 'pull')
      throw new RegistryError('mirrorOnly', { headers: { Allow: 'GET, HEAD' } })
    const { mirror: settings, filter } = found
    const upstream = upstreams.get(settings)
    const handler = handlers[kind]
    // No new repository may be called so: what an old volume has under such a name is all there will be.
    const isOld = !isRepository(repository)
    if (!upstream || !handler || isOld) return answer(ctx)

    const source = { upstream, remote: found.remote, via: findSteps(ctx.get('Via')) }
    try {
      await handler(ctx, { repository, source, settings, filter } satisfies MirrorContext)
    } catch (error) {
      throw toAnswer(error, limitHeaders(upstream))
    }
  }
}
