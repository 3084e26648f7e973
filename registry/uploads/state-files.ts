/**
 * Upload states as files beside the data. `startedat` is the layout's own file and makes an upload
 * one, here as in registry:2; `state.json` is ours, tells more, and an upload can do without it.
 */
import { paths } from '../content/paths.ts'
import { algorithms } from '../protocol/digest.ts'
import type { StorageDriver } from '../storage/driver.ts'
import { stateFields } from './record.ts'
import type { UploadStates } from './store.ts'

/** Without the time it began in the files of an earlier kura. */
const stateFile = stateFields.partial({ startedAt: true })

export function createUploadStateFiles(storage: StorageDriver): UploadStates {
  return {
    async find(repository, id) {
      const found = parseState(await storage.get(paths.uploadState(repository, id)))
      if (found?.startedAt) return { ...bare, ...found, startedAt: found.startedAt }

      const started = await storage.get(paths.uploadStarted(repository, id))
      return started && { ...bare, ...found, startedAt: parseTime(started) }
    },

    /*
     * Hints will do: nothing was received yet when an upload begins, and flushing the data, which lies
     * in the same folder, saves the names in it. An empty `startedat` is still one.
     */
    async save(repository, id, state) {
      const put = (path: string, text: string) =>
        storage.put(path, Buffer.from(text), { hint: true })
      const started = `${state.startedAt.toISOString().slice(0, 19)}Z`
      await Promise.all([
        put(paths.uploadState(repository, id), JSON.stringify(state)),
        // Once, as it never changes.
        !state.received && put(paths.uploadStarted(repository, id), started),
      ])
    },

    // The files go with the folder they lie in.
    async end() {},
  }
}

const bare = { subject: undefined, algorithm: algorithms[0], received: undefined }

/** Only what is older than its upload may be wrong about the time; nobody relies on it. */
function parseTime(bytes: Buffer): Date {
  const found = new Date(bytes.toString('latin1'))
  return Number.isNaN(found.getTime()) ? new Date(0) : found
}

function parseState(bytes: Buffer | undefined) {
  if (!bytes) return undefined
  try {
    return stateFile.parse(JSON.parse(bytes.toString()))
  } catch {
    return undefined
  }
}
