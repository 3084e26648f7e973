/**
 * The downloads that are under way, written down so that other processes learn of their size, and so that
 * what a crash leaves of them is found. An entry is a hint: a lost one costs a download. It goes with the draft,
 * and stays for some time where the draft became the blob: so it tells a follower which bytes those are.
 */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { type Digest, isDigest } from '../../registry/protocol/digest.ts'
import type { StorageDriver } from '../../registry/storage/driver.ts'

const folder = 'kura/mirror/downloads'

const entrySchema = z.object({
  repository: z.string(),
  digest: z.custom<Digest>((it) => typeof it === 'string' && isDigest(it)),
  /** Another one where the draft has begun anew: bytes of two generations are never one answer. */
  generation: z.string(),
  size: z.int().nonnegative().optional(),
})

export type Entry = z.infer<typeof entrySchema>
export type Entries = ReturnType<typeof createEntries>

export function createEntries(storage: StorageDriver) {
  return {
    async find(id: string): Promise<Entry | undefined> {
      return parse(await storage.get(`${folder}/${id}`))
    },
    async write(id: string, entry: Entry): Promise<void> {
      await storage.put(`${folder}/${id}`, Buffer.from(JSON.stringify(entry)), { hint: true })
    },
    changedAt: async (id: string) => (await storage.stat(`${folder}/${id}`))?.changedAt,
    remove: (id: string) => storage.remove(`${folder}/${id}`),
    /** Leaves the entry of another generation alone. */
    async removeGeneration(id: string, generation: string): Promise<void> {
      const path = `${folder}/${id}`
      const found = await storage.getVersioned(path)
      if (!found || parse(found.bytes)?.generation !== generation) return
      await storage.removeVersion(path, { version: found.version })
    },
    async *list(): AsyncIterable<string> {
      for await (const { name } of storage.list(folder)) yield name
    },
  }
}

/** The id of the download of `digest` into `repository`, in the form that uploads have. */
export function downloadId(repository: string, digest: Digest): string {
  const hex = createHash('sha256').update(`${repository} ${digest}`).digest('hex')
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

export const downloadLease = (id: string) => `mirror ${id}`

function parse(bytes: Buffer | undefined): Entry | undefined {
  try {
    return bytes && entrySchema.parse(JSON.parse(bytes.toString()))
  } catch {
    return undefined
  }
}
