/**
 * A download as the upload that it becomes, on a storage whose values can be read while they grow. Its id is
 * known to every process, so any of them reads it, and goes on with it.
 */
import { paths } from '../../registry/content/paths.ts'
import { busyError } from '../../registry/leases/lease.ts'
import { canonical } from '../../registry/protocol/digest.ts'
import { type Reason, RegistryError } from '../../registry/protocol/errors.ts'
import type { StorageDriver } from '../../registry/storage/driver.ts'
import type { Uploads } from '../../registry/uploads/rules.ts'
import { until } from '../until.ts'
import type { OpenDraft } from './draft.ts'

type Parts = { storage: StorageDriver; uploads: Uploads }

export function createSharedDrafts({ storage, uploads }: Parts): OpenDraft {
  return ({ repository, digest, id }) => {
    const path = paths.uploadData(repository, id)
    const upload = { repository, id, by: { name: undefined } }
    return {
      holdsOne: true,
      size: async () => (await storage.stat(path))?.size ?? 0,
      changedAt: async () => (await storage.stat(path))?.changedAt,

      async add(source, { at, size, signal }) {
        if (at === 0) {
          await uploads.start(repository, { id, subject: undefined, algorithm: canonical })
        }
        // Where another process has added to it, these bytes would come behind those.
        const range = size === undefined ? undefined : { first: at, last: size - 1 }
        await uploads.append(upload, { source: until(signal, source), range }).catch((error) => {
          throw isTaken(error) ? busyError('unavailable') : error
        })
      },

      read: (_generation, range, signal) => storage.read(path, { range, signal }),
      publish: () => uploads.commit(upload, digest),

      async drop() {
        await uploads.cancel(upload).catch((error) => {
          if (!isFor(error, ['uploadUnknown'])) throw error
        })
      },
    }
  }
}

/** Another process has the download by now, and has changed or removed the draft. */
const isTaken = (error: unknown) =>
  isFor(error, ['uploadOutOfOrder', 'uploadUnknown', 'uploadBusy'])

const isFor = (error: unknown, reasons: Reason[]) =>
  error instanceof RegistryError && reasons.includes(error.reason)
