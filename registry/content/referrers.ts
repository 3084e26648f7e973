/**
 * Referrers: manifests whose `subject` is another one ("Listing Referrers"). Beside the links that a
 * push leaves, the index under the fallback tag counts, which clients of older registries maintained.
 */
import { algorithmOf, algorithms, type Digest, hexOf, isDigest } from '../spec/digest.ts'
import { readStoredManifest } from '../spec/manifest.ts'
import { isTag } from '../spec/name.ts'
import type { Call, StorageDriver } from '../storage/driver.ts'
import type { Manifests } from './manifests.ts'
import { paths } from './paths.ts'
import type { Tags } from './tags.ts'

export type Referrers = ReturnType<typeof createReferrers>

export type Referrer = {
  mediaType: string
  digest: Digest
  size: number
  artifactType?: string | undefined
  annotations?: Record<string, string> | undefined
}

type Parts = { storage: StorageDriver; manifests: Manifests; tags: Tags }

export function createReferrers({ storage, manifests, tags }: Parts) {
  return { list }

  /** In the order of their digests, those after `after`. A referrer that was deleted is none. */
  async function* list(
    repository: string,
    subject: Digest,
    call?: Call & { after?: string },
  ): AsyncIterable<Referrer> {
    const digests = new Set<Digest>([
      ...(await linked(repository, subject, call)),
      ...(await underFallbackTag(repository, subject, call)),
    ])
    const after = call?.after ?? ''
    for (const digest of [...digests].sort().filter((it) => it > after)) {
      const found = await manifests.find(repository, digest, call)
      if (found?.description.subject !== subject) continue
      const { mediaType, size, artifactType, annotations } = found.description
      yield { mediaType, digest, size, artifactType, annotations }
    }
  }

  async function linked(repository: string, subject: Digest, call?: Call): Promise<Digest[]> {
    const found: Digest[] = []
    for (const algorithm of algorithms) {
      const folder = `${paths.referrers(repository, subject)}/${algorithm}`
      for await (const { name } of storage.list(folder, { signal: call?.signal })) {
        const digest = `${algorithm}:${name}`
        if (isDigest(digest)) found.push(digest)
      }
    }
    return found
  }

  async function underFallbackTag(
    repository: string,
    subject: Digest,
    call?: Call,
  ): Promise<Digest[]> {
    const tag = `${algorithmOf(subject)}-${hexOf(subject).slice(0, 64)}`
    const digest = isTag(tag) ? await tags.find(repository, tag, call) : undefined
    const index = digest && (await manifests.find(repository, digest, call))
    const children = index ? readStoredManifest(index.bytes)?.manifests : undefined
    return children?.map((child) => child.digest) ?? []
  }
}
