/** Lists of a registry: its repositories, the tags of one, the referrers of a manifest. */
import { z } from 'zod'
import { type Digest, isDigest } from '../registry/protocol/digest.ts'
import { isTag } from '../registry/protocol/name.ts'
import type { createManifests } from './manifests.ts'
import { type List, readDocument, readPages } from './pages.ts'
import { type Call, pathOf, type Requests, scopeOf } from './requests.ts'

const pageSize = 1000

const tagsPage = z.object({ tags: z.array(z.string()).nullish() })
const catalogPage = z.object({ repositories: z.array(z.string()).nullish() })
const referrersPage = z.object({
  manifests: z
    .array(
      z.object({
        mediaType: z.string(),
        digest: z.string(),
        size: z.number(),
        artifactType: z.string().optional(),
        annotations: z.record(z.string(), z.string()).optional(),
      }),
    )
    .nullish(),
})

export type Referrer = {
  mediaType: string
  digest: Digest
  size: number
  artifactType?: string | undefined
  annotations?: Record<string, string> | undefined
}

export function createLists(requests: Requests, manifests: ReturnType<typeof createManifests>) {
  return {
    /** Undefined where there is no such repository. */
    tags(repository: string, call: Call = {}): Promise<string[] | undefined> {
      const list: List<string> = {
        first: pathOf(repository, `tags/list?n=${pageSize}`),
        scopes: scopeOf(repository, 'pull'),
        what: `the list of tags of ${repository}`,
        read: (document) => (tagsPage.parse(document).tags ?? []).filter(isTag),
      }
      return readPages(requests, list, call)
    },

    /** Undefined where the registry has no such list. */
    repositories(call: Call = {}): Promise<string[] | undefined> {
      const list: List<string> = {
        first: `/v2/_catalog?n=${pageSize}`,
        scopes: ['registry:catalog:*'],
        what: 'the list of repositories',
        read: (document) => catalogPage.parse(document).repositories ?? [],
      }
      return readPages(requests, list, call)
    },

    /** From the API, or from the tag that clients write where a registry has none. */
    async referrers(repository: string, digest: Digest, call: Call = {}): Promise<Referrer[]> {
      const list: List<Referrer> = {
        first: pathOf(repository, `referrers/${digest}`),
        scopes: scopeOf(repository, 'pull'),
        what: `the list of referrers of ${digest}`,
        read: readReferrers,
      }
      const listed = await readPages(requests, list, call)
      if (listed) return listed
      const found = await manifests.get(repository, referrersTag(digest), call)
      return found ? readDocument(requests.upstream.host, found.bytes, list) : []
    },
  }
}

function readReferrers(document: unknown): Referrer[] {
  const listed = referrersPage.parse(document).manifests ?? []
  return listed.flatMap(({ digest, ...it }) => (isDigest(digest) ? [{ ...it, digest }] : []))
}

/** `sha256-<hex>`, cut to what a tag may have: "Referrers Tag Schema" of the distribution specification. */
export function referrersTag(digest: Digest): string {
  const [algorithm = '', hex = ''] = digest.split(':')
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`
}
