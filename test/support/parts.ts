/** The parts behind the requests, without HTTP: put together over any storage as registry/app.ts does it. */
import { createBlobs } from '../../registry/content/blobs.ts'
import { createLinks } from '../../registry/content/links.ts'
import { createDescriptions } from '../../registry/content/manifests/descriptions.ts'
import { createManifests } from '../../registry/content/manifests/manifests.ts'
import { createReferences } from '../../registry/content/manifests/references.ts'
import { createDescribed } from '../../registry/content/referrers/described.ts'
import { createReferrerDigests } from '../../registry/content/referrers/digests.ts'
import { createReferrers } from '../../registry/content/referrers/referrers.ts'
import { createRepositories } from '../../registry/content/repositories/repositories.ts'
import type { TagCache } from '../../registry/content/tags/tag-cache.ts'
import { createTagged } from '../../registry/content/tags/tagged.ts'
import { createTags } from '../../registry/content/tags/tags.ts'
import { createInProcessLeases } from '../../registry/leases/in-process.ts'
import type { Leases } from '../../registry/leases/lease.ts'
import type { Redis } from '../../registry/redis/open.ts'
import type { StorageDriver } from '../../registry/storage/driver.ts'
import { createPurge } from '../../registry/upkeep/purge.ts'
import { createCarrier } from '../../registry/uploads/bucket/signed-state.ts'
import { type BucketParts, createUploadStore } from '../../registry/uploads/open.ts'
import { createUploads } from '../../registry/uploads/rules.ts'
import { openRules } from './registry.ts'

type Options = {
  storage: StorageDriver
  /** Without them, such as only this process knows of. */
  leases?: Leases
  /** Holds what uploads have come to; without it, files do. */
  redis?: Redis | undefined
  /** Where the storage is a bucket: with a Redis, clients carry the states of their uploads. */
  bucket?: BucketParts | undefined
  cache?: TagCache | undefined
}

/** Another call is another process: of what was, it knows what storage and Redis say. */
export function createParts(options: Options) {
  const { storage, leases = createInProcessLeases(), redis, bucket, cache } = options
  const links = createLinks(storage, () => {})
  const descriptions = createDescriptions()
  const blobs = createBlobs(storage, links)
  const tags = createTags(storage, links, { cache })
  const repositories = createRepositories(storage)
  const manifests = createManifests({ storage, links, tags, leases, descriptions })
  const described = createDescribed({ storage, links, descriptions })
  const digests = createReferrerDigests({ storage, tags, described })
  const store = createUploadStore({ storage, blobs, redis, bucket })
  const uploads = createUploads({ store, blobs, leases })
  return {
    links,
    blobs,
    tags,
    tagged: createTagged({ tags, manifests, cache }),
    manifests,
    references: createReferences({ blobs, manifests, rules: openRules.references }),
    referrers: createReferrers({ digests, described }),
    store,
    uploads,
    purge: createPurge({ storage, repositories, uploads, leases }),
  }
}

/** The signer of upload states, where no test asks for a time of its own. */
export const testCarrier = createCarrier('a secret of the test')
