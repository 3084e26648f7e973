/**
 * Upload states as files beside the data. `startedat` is the layout's own file and makes an upload
 * one, here as in registry:2; `state.json` is ours, and an upload can do without it.
 */
import { z } from 'zod'
import { paths } from '../content/paths.ts'
import { algorithms, type Digest, isDigest } from '../spec/digest.ts'
import type { StorageDriver } from '../storage/driver.ts'
import type { UploadState, UploadStates } from './state.ts'

const stateFile = z.object({
  subject: z.string().optional(),
  algorithm: z.enum(algorithms),
  received: z
    .object({
      size: z.int().nonnegative(),
      changedAt: z.coerce.date(),
      digests: z.array(z.custom<Digest>((it) => typeof it === 'string' && isDigest(it))),
    })
    .optional(),
})

export function createUploadStateFiles(storage: StorageDriver): UploadStates {
  return {
    async find(repository, id, call) {
      const [started, state] = await Promise.all([
        storage.get(paths.uploadStarted(repository, id), call),
        storage.get(paths.uploadState(repository, id), call),
      ])
      if (!started) return undefined
      return { ...parseState(state), startedAt: new Date(started.toString('latin1')) }
    },

    /*
     * Hints will do: nothing was received yet when an upload begins, and flushing the data, which lies
     * in the same folder, saves the names in it. An empty `startedat` is still one.
     */
    async save(repository, id, { startedAt, ...state }, call) {
      const text = JSON.stringify(state)
      const hint = { ...call, hint: true }
      await storage.put(paths.uploadState(repository, id), Buffer.from(text), hint)
      // Last, as it is what makes the upload one; and once, as it never changes.
      if (state.received) return
      const started = `${startedAt.toISOString().slice(0, 19)}Z`
      await storage.put(paths.uploadStarted(repository, id), Buffer.from(started), hint)
    },
  }
}

function parseState(bytes: Buffer | undefined): Omit<UploadState, 'startedAt'> {
  const bare = { subject: undefined, algorithm: algorithms[0], received: undefined }
  if (!bytes) return bare
  try {
    return { ...bare, ...stateFile.parse(JSON.parse(bytes.toString())) }
  } catch {
    return bare
  }
}
