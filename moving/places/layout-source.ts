/** Images of an OCI layout. Its bytes are looked at where they arrive, and manifests here as well. */
import { createReadStream } from 'node:fs'
import { readAtMost } from '../../files/bounded.ts'
import { algorithmOf, type Digest, digestOf, isDigest } from '../../registry/protocol/digest.ts'
import { largestManifest, readStoredManifest } from '../../registry/protocol/manifest.ts'
import { blobPath, type Entry, type Index, readIndex, tagOf } from './layout.ts'
import type { Document, Source } from './place.ts'

export async function openLayoutSource(folder: string, name = `oci:${folder}`): Promise<Source> {
  const index = await readIndex(folder)
  if (!index) throw new Error(`${name} is no OCI layout: it has no index.json`)

  return {
    name,
    manifest: async (reference) => {
      const digest = isDigest(reference) ? reference : findTag(index, reference, name)?.digest
      return digest && readManifest(folder, digest)
    },
    async blob({ digest }, { offset }) {
      return createReadStream(blobPath(folder, digest), { start: offset })
    },
    async referrers(digest) {
      const found: Entry[] = []
      for (const entry of index.manifests) {
        const document = await readManifest(folder, entry.digest)
        const isOne = document && readStoredManifest(document.bytes)?.subject === digest
        if (isOne) found.push(entry)
      }
      return found
    },
    tags: async () => index.manifests.flatMap((it) => tagOf(it) ?? []),
    close: async () => {},
  }
}

/** A layout of one image without a tag has that image under any tag that nobody chose. */
function findTag({ manifests }: Index, tag: string, name: string): Entry | undefined {
  const found = manifests.filter((it) => tagOf(it) === tag)
  if (found.length > 1) throw new Error(`${name} has the tag ${tag} more than once`)
  if (found.length === 1) return found[0]
  const [only, ...others] = manifests
  return tag === 'latest' && others.length === 0 && only && !tagOf(only) ? only : undefined
}

async function readManifest(folder: string, digest: Digest): Promise<Document | undefined> {
  const path = blobPath(folder, digest)
  const bytes = await readAtMost(path, largestManifest).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!bytes) return undefined
  if (digestOf(algorithmOf(digest), bytes) !== digest) throw new Error(`${path} has other bytes`)
  const mediaType = readStoredManifest(bytes)?.mediaType
  if (mediaType === undefined) throw new Error(`${path} is no manifest`)
  return { digest, mediaType, bytes }
}
