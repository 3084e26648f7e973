/** A repository of a registry, as a source and as a destination. */
import { Readable } from 'node:stream'
import { createTurns } from '../../registry/pace/in-turn.ts'
import { digestOf } from '../../registry/protocol/digest.ts'
import { readStoredManifest } from '../../registry/protocol/manifest.ts'
import { imageIndex } from '../../registry/protocol/media-types.ts'
import { UpstreamError } from '../../upstream/error.ts'
import { type Referrer, referrersTag } from '../../upstream/lists.ts'
import type { Upstream } from '../../upstream/registry.ts'
import type { Call, Destination, Document, Source } from './place.ts'

type Options = { registry: Upstream; repository: string; name: string }

export function createRepositorySource({ registry, repository, name }: Options): Source {
  return {
    name,
    manifest: (reference, call) => registry.manifests.get(repository, reference, call),
    async blob({ digest, size }, call) {
      const found = await registry.blobs.open(repository, digest, { ...call, size })
      if (found) return found.body
      throw new UpstreamError('missing', registry.name, `${repository} has no blob ${digest}`)
    },
    referrers: (digest, call) => registry.referrers(repository, digest, call),
    async tags(call) {
      const tags = await registry.tags(repository, call)
      if (tags) return tags
      throw new UpstreamError('missing', registry.name, `it has no repository ${repository}`)
    },
    close: registry.close,
  }
}

type DestinationOptions = Options & {
  /** The repository that images come from, if it is one of the same registry. */
  mountFrom?: string | undefined
}

export function createRepositoryDestination(options: DestinationOptions): Destination {
  const { registry, repository, name, mountFrom } = options
  /** One change of a referrers' tag at a time: each reads what the one before has written. */
  const listings = createTurns()

  return {
    name,
    hasBlob: async ({ digest }, call) =>
      (await registry.blobs.find(repository, digest, call)) !== undefined,
    findManifest: async (reference, call) =>
      (await registry.manifests.find(repository, reference, call))?.digest,
    putBlob({ digest, size }, open, call) {
      const bytes = (offset: number) => Readable.from(open(offset), { objectMode: false })
      return registry.putBlob(repository, { digest, size, open: bytes, mountFrom }, call)
    },
    async putManifest(document, { tag, subject, signal }) {
      const { mediaType, bytes } = document
      const reference = tag ?? document.digest
      const put = await registry.putManifest(repository, reference, { mediaType, bytes, signal })
      if (subject === undefined || put.isListed) return
      await listings(() => list(document, referrersTag(subject), { signal }))
    },
    tags: async (call) => (await registry.tags(repository, call)) ?? [],
    removeTag: async (tag, call) => void (await registry.removeManifest(repository, tag, call)),
    close: registry.close,
  }

  /** A registry without the API of referrers has them in a tag, which clients keep. */
  async function list(document: Document, tag: string, { signal }: Call): Promise<void> {
    const found = await registry.manifests.get(repository, tag, { signal })
    const listed = found ? readIndex(found.bytes) : []
    if (listed.some(({ digest }) => digest === document.digest)) return
    const { artifactType, annotations } = readStoredManifest(document.bytes) ?? {}
    const { mediaType, digest, bytes } = document
    const own = { mediaType, digest, size: bytes.length, artifactType, annotations }
    const index = { schemaVersion: 2, mediaType: imageIndex, manifests: [...listed, own] }
    const written = Buffer.from(JSON.stringify(index))
    await registry.putManifest(repository, tag, { mediaType: imageIndex, bytes: written, signal })
    await requireTag(tag, written, { signal })
  }

  async function requireTag(tag: string, bytes: Buffer, call: Call): Promise<void> {
    const found = await registry.manifests.find(repository, tag, call)
    if (found?.digest === digestOf('sha256', bytes)) return
    throw new UpstreamError('content', registry.name, `${tag} was changed meanwhile by others`)
  }
}

function readIndex(bytes: Buffer): Partial<Referrer>[] {
  const { manifests } = JSON.parse(bytes.toString('utf8')) as { manifests?: Partial<Referrer>[] }
  return manifests ?? []
}
