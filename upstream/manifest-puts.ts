/** Manifests sent to a registry, and removed there. */
import { isDigest } from '../registry/protocol/digest.ts'
import { requireBytes } from './manifests.ts'
import { type Call, pathOf, type Requests, scopeOf } from './requests.ts'
import { discard } from './wire/bodies.ts'
import { headerOf } from './wire/transport.ts'

export type ManifestToPut = { mediaType: string; bytes: Uint8Array }

export function createManifestPuts(requests: Requests) {
  return {
    /** Answers whether the registry lists the manifest among the referrers of its subject by itself. */
    async putManifest(
      repository: string,
      reference: string,
      { mediaType, bytes, signal }: ManifestToPut & Call,
    ): Promise<{ isListed: boolean }> {
      const found = await requests.ask({
        signal,
        method: 'PUT',
        to: pathOf(repository, `manifests/${reference}`),
        scopes: scopeOf(repository, 'pull,push'),
        headers: { 'content-type': mediaType },
        body: () => bytes,
        expects: [200, 201, 202],
      })
      discard(found)
      const digest = headerOf(found, 'docker-content-digest')
      if (digest !== undefined && isDigest(digest)) {
        requireBytes(requests.upstream.host, bytes, digest)
      }
      return { isListed: headerOf(found, 'oci-subject') !== undefined }
    },

    /** A tag, or a manifest with all its tags. One that is not there is no failure. */
    async removeManifest(repository: string, reference: string, call: Call = {}): Promise<void> {
      const found = await requests.ask({
        ...call,
        method: 'DELETE',
        to: pathOf(repository, `manifests/${reference}`),
        scopes: scopeOf(repository, 'pull,delete'),
        expects: [200, 202, 204, 404],
      })
      discard(found)
    },
  }
}
