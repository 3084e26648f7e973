/** An OCI layout that images are written to: a blob gets its name once its bytes have its digest and are on disk. */
import { createHash } from 'node:crypto'
import { mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fillDraft, throughDraft } from '../../files/draft.ts'
import { createTurns } from '../../registry/pace/in-turn.ts'
import { algorithmOf, type Digest, isDigest } from '../../registry/protocol/digest.ts'
import {
  blobPath,
  type Entry,
  type Index,
  readIndex,
  tagOf,
  withTag,
  writeIndex,
} from './layout.ts'
import type { Destination } from './place.ts'

type Bytes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>

export async function openLayoutDestination(
  folder: string,
  name = `oci:${folder}`,
): Promise<Destination> {
  let index: Index = (await readIndex(folder)) ?? { manifests: [] }
  /** Each change of the index begins with what the one before has written. */
  const changes = createTurns()

  return {
    name,
    hasBlob: async ({ digest, size }) => (await sizeOf(blobPath(folder, digest))) === size,
    async findManifest(reference) {
      const entry = index.manifests.find((it) => tagOf(it) === reference)
      const digest = isDigest(reference) ? reference : entry?.digest
      if (!digest) return undefined
      return (await sizeOf(blobPath(folder, digest))) === undefined ? undefined : digest
    },
    putBlob: ({ digest }, open) => writeBlob(folder, digest, open(0)),
    async putManifest({ digest, mediaType, bytes }, { tag, subject }) {
      await writeBlob(folder, digest, [bytes])
      // What nothing else names is named in the index.
      if (tag === undefined && subject === undefined) return
      await changes(() => add({ mediaType, digest, size: bytes.length }, tag))
    },
    close: async () => {},
  }

  async function add(entry: Entry, tag: string | undefined): Promise<void> {
    const added = tag === undefined ? entry : withTag(entry, tag)
    const isSame = (it: Entry) =>
      tag === undefined ? it.digest === entry.digest : tagOf(it) === tag
    const others = index.manifests.filter((it) => !isSame(it))
    index = { ...index, manifests: [...others, added] }
    await writeIndex(folder, index)
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function writeBlob(folder: string, digest: Digest, bytes: Bytes): Promise<void> {
  const path = blobPath(folder, digest)
  await mkdir(dirname(path), { recursive: true })
  await throughDraft(path, async (draft) => {
    const hash = createHash(algorithmOf(digest))
    await fillDraft(
      draft,
      async (file) => {
        for await (const chunk of bytes) {
          hash.update(chunk)
          await file.writeFile(chunk)
        }
      },
      { mode: 0o644 },
    )
    const found = `${algorithmOf(digest)}:${hash.digest('hex')}`
    if (found !== digest) throw new Error(`${digest} came as other bytes: ${found}`)
    await rename(draft, path)
    return true
  })
}
