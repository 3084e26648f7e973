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
    const pathOf = (generation: string) => `${id}/${generation}`
    const stat = (generation: string) => local.stat(pathOf(generation))
    const open = async (generation: string) =>
      (await local.read(pathOf(generation))) ?? Readable.from([])
    const drop = () => local.remove(id)
    return {
      holdsOne: false,
      size: async (generation) => (await stat(generation))?.size ?? 0,
      changedAt: async (generation) => (await stat(generation))?.changedAt,
      async add(source, { generation, at, lease, signal }) {
        await lease.confirm()
        const fence = { check: lease.check }
        await local.append(pathOf(generation), until(signal, source), { at, fence })
      },
      read: (generation, range, signal) => local.read(pathOf(generation), { range, signal }),

      async publish(generation) {
        await verify(digest, await open(generation))
        const source = copied(() => open(generation))
        await uploads.take(repository, { digest, source, subject: undefined })
        await drop()
      },

      drop,
    }
  }
}

/**
 * A chunk of a file is good until the next one is asked for; a bucket asks for several before it sends them. The
 * file is opened with the first of them: a bucket that cannot be written to asks for none, and nobody else would
 * close it.
 */
async function* copied(open: () => Promise<Bytes>): Bytes {
  for await (const chunk of await open()) yield Buffer.from(chunk)
}

async function verify(digest: Digest, bytes: Bytes): Promise<void> {
  const hash = newHash([canonical, algorithmOf(digest)])
  for await (const _ of hashing(hash, bytes));
  if (!digestsOf(hash).includes(digest)) throw mismatch(digest, digestsOf(hash))
}
