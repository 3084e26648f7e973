/**
 * A download as a file of this machine, for storage that shows no value before it is whole, as a bucket does.
 * The bytes are verified before the storage gets any of them.
 */
import { Readable } from 'node:stream'
import { algorithmOf, canonical, type Digest } from '../../registry/protocol/digest.ts'
import type { Bytes, StorageDriver } from '../../registry/storage/driver.ts'
import { digestsOf, hashing, newHash } from '../../registry/uploads/hash.ts'
import type { Uploads } from '../../registry/uploads/rules.ts'
import { mismatch } from '../../registry/uploads/verify.ts'
import { until } from '../until.ts'
import type { OpenDraft } from './draft.ts'

/** `local` is the storage of this machine. */
type Parts = { local: StorageDriver; uploads: Uploads }

export function createLocalDrafts({ local, uploads }: Parts): OpenDraft {
  return ({ repository, digest, id }) => {
    // Of this process alone, so that processes that lost their lease cannot meet in it.
    const path = `${id}.${process.pid}`
    const open = async () => (await local.read(path)) ?? Readable.from([])
    return {
      size: async () => (await local.stat(path))?.size ?? 0,
      async add(source, { at, signal }) {
        await local.append(path, until(signal, source), { at })
      },
      read: (range, signal) => local.read(path, { range, signal }),

      async publish() {
        await verify(digest, await open())
        const source = await open()
        await uploads.take(repository, { digest, source, subject: undefined })
        await local.remove(path)
      },

      drop: () => local.remove(path),
    }
  }
}

async function verify(digest: Digest, bytes: Bytes): Promise<void> {
  const hash = newHash([canonical, algorithmOf(digest)])
  for await (const _ of hashing(hash, bytes));
  if (!digestsOf(hash).includes(digest)) throw mismatch(digest, digestsOf(hash))
}
