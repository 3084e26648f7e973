/**
 * A download as the upload that it becomes, on a storage whose values can be read while they grow. Its id is
 * known to every process, so any of them reads it, and goes on with it.
 */
import { paths } from '../../registry/content/paths.ts'
import { canonical } from '../../registry/protocol/digest.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
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
      size: async () => (await storage.stat(path))?.size ?? 0,

      async add(source, { at, signal }) {
        if (at === 0) {
          await uploads.start(repository, { id, subject: undefined, algorithm: canonical })
        }
        await uploads.append(upload, { source: until(signal, source), range: undefined })
      },

      read: (range, signal) => storage.read(path, { range, signal }),
      publish: () => uploads.commit(upload, digest),

      async drop() {
        await uploads.cancel(upload).catch((error) => {
          if (!(error instanceof RegistryError && error.reason === 'uploadUnknown')) throw error
        })
      },
    }
  }
}
