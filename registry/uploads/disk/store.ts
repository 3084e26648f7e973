/**
 * Uploads where storage renames values, as a folder does: the bytes are added to a draft, which is
 * renamed in the end. Their states lie beside them, and where there is a Redis also there.
 */
import type { Blobs } from '../../content/blobs.ts'
import { paths } from '../../content/paths.ts'
import type { Lease } from '../../leases/lease.ts'
import type { StorageDriver } from '../../storage/driver.ts'
import { fenced } from '../../storage/fenced.ts'
import { createDrafts, draftOf, moveDraft, receivedIn } from '../draft.ts'
import { lastChange } from '../last-change.ts'
import { nothing, type Upload } from '../record.ts'
import type { UploadStates, UploadStore } from '../store.ts'
import { verify } from '../verify.ts'

type Parts = { storage: StorageDriver; blobs: Blobs; states: UploadStates }

export function createDiskStore({ storage, blobs, states }: Parts): UploadStore {
  const drafts = createDrafts(states)

  return {
    async begin(upload, beginning) {
      const state = { ...beginning, startedAt: new Date(), received: undefined }
      await states.save(upload.repository, upload.id, state)
      return { upload, state, received: nothing }
    },

    async find({ repository, id }) {
      const upload = { repository, id }
      // The draft is asked for while the state is read.
      const asked = storage.stat(draftOf(upload))
      asked.catch(() => {})
      const state = await states.find(repository, id)
      return state && { upload, state, received: receivedIn(await asked, state.received) }
    },

    carry: () => undefined,

    receive: (found, adding, lease) => drafts.add(fenced(storage, lease), found, adding),

    /*
     * Of a blob that is not there yet the link comes first, and shows nothing until the bytes are. In the
     * other order a crash in between would leave a client that tries again with neither an upload nor a
     * blob.
     */
    async publish(found, digest, lease) {
      const { upload, received } = found
      const stored = await verify(received, digest, () => storage.read(draftOf(upload)))
      const under = fenced(storage, lease)
      await blobs.link(under, { repository: upload.repository, digest, stored })
      await moveDraft(under, found, stored)
    },

    // A draft can be renamed, so nothing is spared by doing without one.
    putWhole: async () => false,

    end: ({ upload }, lease) => discard(upload, lease),

    discard,

    async takeOver(upload, lease) {
      await fenced(storage, lease).detach(draftOf(upload))
    },

    changedAt: ({ repository, id }) => lastChange(storage, paths.upload(repository, id)),
  }

  async function discard(upload: Upload, lease: Lease): Promise<void> {
    drafts.forget(upload)
    await fenced(storage, lease).remove(paths.upload(upload.repository, upload.id))
    await states.end(upload.repository, upload.id)
  }
}
