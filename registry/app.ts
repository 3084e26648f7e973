/**
 * The registry: content, and the protocol once access is settled. The gateway's pool calls it with a
 * request whose target is read and whose user is known; the table of handlers is all there is.
 */
import { createBlobs } from './content/blobs.ts'
import { createLinks, type ReportBadLink } from './content/links.ts'
import { createDescriptions } from './content/manifests/descriptions.ts'
import { createManifests } from './content/manifests/manifests.ts'
import { createReferences, type ReferenceRules } from './content/manifests/references.ts'
import { createProtection } from './content/protection/protection.ts'
import { createDescribed } from './content/referrers/described.ts'
import { createReferrerDigests } from './content/referrers/digests.ts'
import { createReferrers } from './content/referrers/referrers.ts'
import { createRepositories } from './content/repositories/repositories.ts'
import { createTagCache } from './content/tags/tag-cache.ts'
import { createTagged } from './content/tags/tagged.ts'
import { createTags } from './content/tags/tags.ts'
import { blobHandlers } from './http/blob.ts'
import { createBodyBudget } from './http/body-budget.ts'
import { catalogHandlers } from './http/catalog.ts'
import type { CallContext, Handlers } from './http/context.ts'
import { createLocations } from './http/locations.ts'
import { manifestHandlers } from './http/manifest.ts'
import { referrersHandlers } from './http/referrers.ts'
import { tagsHandlers } from './http/tags.ts'
import { uploadHandlers } from './http/upload.ts'
import { uploadsHandlers } from './http/uploads.ts'
import type { Leases } from './leases/lease.ts'
import { createClassCheck } from './protocol/classes.ts'
import type { Kind, Method } from './protocol/endpoints.ts'
import { RegistryError } from './protocol/errors.ts'
import type { LocationRules } from './protocol/location.ts'
import type { Redis } from './redis/open.ts'
import type { FindUrl, StorageDriver } from './storage/driver.ts'
import { createPurge } from './upkeep/purge.ts'
import { type BucketParts, createUploadStore } from './uploads/open.ts'
import { createUploads } from './uploads/rules.ts'

export type RegistryRules = {
  readOnly: boolean
  deleteEnabled: boolean
  largestCatalogPage: number
  largestTagPage: number
  /** How many tags are read at once when a manifest is deleted; without it, a usual number. */
  tagLookups?: number | undefined
  /** The memory for manifests while they arrive; without it, a usual number. */
  bodyBytes?: number | undefined
  /** The kinds of images that may be pushed; empty for all. */
  classes: readonly string[]
  references: ReferenceRules
  locations: LocationRules
}

export type RegistryParts = {
  storage: StorageDriver
  /** Where clients can be sent for blobs. */
  findUrl?: FindUrl | undefined
  leases: Leases
  /** Where replicas share one. */
  redis?: Redis | undefined
  /** Where the storage is a bucket, which takes so much longer to answer than Redis that Redis is asked first. */
  bucket?: BucketParts | undefined
  rules: RegistryRules
  reportBadLink: ReportBadLink
}

export type Registry = ReturnType<typeof createRegistry>

export function createRegistry(parts: RegistryParts) {
  const { storage, findUrl, leases, redis, bucket, rules, reportBadLink } = parts
  const links = createLinks(storage, reportBadLink)
  const descriptions = createDescriptions()
  const blobs = createBlobs(storage, links)
  const cache = bucket && redis ? createTagCache(redis) : undefined
  const tags = createTags(storage, links, { cache, lookups: rules.tagLookups })
  const repositories = createRepositories(storage)
  const manifests = createManifests({ storage, links, tags, leases, descriptions })
  const tagged = createTagged({ tags, manifests, cache })
  const protection = createProtection({ storage, tags, manifests, links, leases })
  const references = createReferences({ blobs, manifests, rules: rules.references })
  const described = createDescribed({ storage, links, descriptions })
  const digests = createReferrerDigests({ storage, tags, described })
  const referrers = createReferrers({ digests, described })
  const store = createUploadStore({ storage, blobs, redis, bucket })
  const uploads = createUploads({ store, blobs, leases })
  const locations = createLocations(rules.locations)
  const checkClass = createClassCheck(rules.classes)

  const handlers: Record<Kind, Handlers> = {
    base: { GET: answerBase, HEAD: answerBase },
    catalog: catalogHandlers({ repositories, locations, largestPage: rules.largestCatalogPage }),
    tags: tagsHandlers({ tags, repositories, locations, largestPage: rules.largestTagPage }),
    referrers: referrersHandlers({ referrers, locations }),
    uploads: uploadsHandlers({ uploads, blobs, repositories, locations }),
    upload: uploadHandlers({ uploads, locations }),
    blob: blobHandlers({ blobs, protection, findUrl }),
    manifest: manifestHandlers({
      manifests,
      tagged,
      references,
      protection,
      locations,
      checkClass,
      budget: createBodyBudget(rules.bodyBytes),
    }),
  }

  const purge = createPurge({ storage, repositories, uploads, leases })

  return {
    handle,
    purge,
    content: { storage, leases, blobs, manifests, tags, uploads, repositories },
  }

  /** Answers one request through `ctx`, or throws a `RegistryError` that says why not. */
  async function handle(ctx: CallContext): Promise<void> {
    refuseSwitchedOff(ctx)
    const { kind, repository } = ctx.state.target
    if (repository !== '') await repositories.refuseNew(repository, { signal: ctx.state.signal })
    const handler = handlers[kind][ctx.method as Method]
    if (!handler) throw new RegistryError('wrongMethod', { detail: { method: ctx.method } })
    await handler(ctx)
  }

  function refuseSwitchedOff(ctx: CallContext): void {
    const { kind, action } = ctx.state.target
    if (rules.readOnly && (action === 'push' || action === 'delete')) {
      throw new RegistryError('readOnly', { headers: { Allow: 'GET, HEAD' } })
    }
    if (action === 'delete' && !rules.deleteEnabled) {
      const Allow = kind === 'manifest' ? 'GET, HEAD, PUT' : 'GET, HEAD'
      throw new RegistryError('deleteDisabled', { headers: { Allow } })
    }
  }
}

/** GET and HEAD /v2/: says that the registry speaks the protocol ("Determining Support"). */
async function answerBase(ctx: CallContext): Promise<void> {
  ctx.set('Content-Type', 'application/json')
  ctx.body = '{}'
}
