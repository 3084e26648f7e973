/**
 * Purging: uploads that nobody went on with are removed, so that broken pushes do not fill the disk.
 * One process of all does it at a time.
 */
import { paths } from '../content/paths.ts'
import type { Repositories } from '../content/repositories/repositories.ts'
import type { Leases } from '../leases/lease.ts'
import { RegistryError } from '../protocol/errors.ts'
import type { StorageDriver } from '../storage/driver.ts'
import type { Upload } from '../uploads/record.ts'
import type { Uploads } from '../uploads/rules.ts'

export type PurgeRules = {
  /** Milliseconds without a byte after which an upload counts as abandoned. */
  age: number
  /** Only report what would go. */
  dryrun: boolean
}

type Parts = {
  storage: StorageDriver
  repositories: Repositories
  uploads: Uploads
  leases: Leases
}

export function createPurge({ storage, repositories, uploads, leases }: Parts) {
  return { run }

  /** Calls `report` for each upload that goes. Does nothing when another process is at it. */
  async function run(rules: PurgeRules, report: (upload: Upload) => void, signal: AbortSignal) {
    await unlessBusy(() =>
      leases.hold('purge', 'unavailable', async () => {
        for await (const upload of everyUpload(signal)) {
          if (await isGone(upload, rules)) report(upload)
        }
      }),
    )
  }

  async function isGone(upload: Upload, { age, dryrun }: PurgeRules): Promise<boolean> {
    const before = new Date(Date.now() - age)
    if (dryrun) return uploads.isAbandoned(upload, before)
    // Someone is writing to it just now, so it is not abandoned.
    return (await unlessBusy(() => uploads.expire(upload, before))) ?? false
  }

  async function* everyUpload(signal: AbortSignal): AsyncIterable<Upload> {
    for await (const repository of repositories.all({ signal })) {
      for await (const { name } of storage.list(paths.uploads(repository), { signal })) {
        yield { repository, id: name }
      }
    }
  }
}

async function unlessBusy<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof RegistryError) return undefined
    throw error
  }
}
