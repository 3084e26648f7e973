/** An OCI layout, the folder with `oci-layout`, `index.json` and `blobs`: its parts on disk. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { readAtMost } from '../../files/bounded.ts'
import { replaceFile } from '../../files/replace.ts'
import { algorithmOf, type Digest, hexOf, isDigest } from '../../registry/protocol/digest.ts'
import { imageIndex } from '../../registry/protocol/media-types.ts'

const tagKey = 'org.opencontainers.image.ref.name'
const largestIndex = 32 * 1024 * 1024

const entrySchema = z.looseObject({
  mediaType: z.string(),
  digest: z.string().refine(isDigest),
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).optional(),
})
const indexSchema = z.looseObject({ manifests: z.array(entrySchema).default([]) })

export type Entry = z.infer<typeof entrySchema>
export type Index = z.infer<typeof indexSchema>

export const blobPath = (folder: string, digest: Digest) =>
  join(folder, 'blobs', algorithmOf(digest), hexOf(digest))

/** containerd writes whole names there, skopeo and oras the tag alone. */
export function tagOf({ annotations }: Entry): string | undefined {
  const name = annotations?.[tagKey]
  return name?.slice(name.search(/[^:/]*$/))
}

export const withTag = (entry: Entry, tag: string): Entry => ({
  ...entry,
  annotations: { ...entry.annotations, [tagKey]: tag },
})

/** Undefined where there is no layout yet. */
export async function readIndex(folder: string): Promise<Index | undefined> {
  const path = join(folder, 'index.json')
  try {
    const found = indexSchema.safeParse(
      JSON.parse((await readAtMost(path, largestIndex)).toString('utf8')),
    )
    if (found.success) return found.data
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    if (!(error instanceof SyntaxError)) throw error
  }
  throw new Error(`${path} is not the index of an OCI layout`)
}

export async function writeIndex(folder: string, index: Index): Promise<void> {
  await mkdir(folder, { recursive: true })
  const write = (name: string, document: object) =>
    replaceFile(join(folder, name), JSON.stringify(document), 0o644)
  await write('oci-layout', { imageLayoutVersion: '1.0.0' })
  await write('index.json', { schemaVersion: 2, mediaType: imageIndex, ...index })
}
