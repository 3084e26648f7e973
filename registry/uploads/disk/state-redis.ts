/**
 * Upload states in Redis, before the files beside the data. The files stay the truth: a state that Redis
 * does not know is read from its file, and nothing is answered before it is written there. So a Redis
 * that fails or forgets costs a second look, never an upload.
 *
 * A state in Redis may be old, if Redis was away when the upload went on or ended. That does no harm: the
 * digests in it count only for the data that they were written for, and an upload that is gone has no
 * data. The process that could not tell Redis tells it later.
 */
import { z } from 'zod'
import type { Redis } from '../../redis/open.ts'
import { stateRecord, type UploadState } from '../record.ts'
import type { UploadStates } from '../store.ts'
import { createUntold } from '../untold.ts'

/** Grows when an older kura would misread the record; it then looks at the files. */
const version = 1
const lifetimeMs = 24 * 60 * 60 * 1000

const record = z.object({ version: z.literal(version), state: stateRecord })

type Parts = { redis: Redis; files: UploadStates }

export function createUploadStateRedis({ redis, files }: Parts): UploadStates {
  const outdated = createUntold(redis.remove)

  return {
    async find(repository, id) {
      const key = keyOf(repository, id)
      outdated.tell()
      const text = outdated.has(key) ? undefined : await redis.get(key).catch(() => undefined)
      return parseRecord(text ?? undefined) ?? files.find(repository, id)
    },

    async save(repository, id, state) {
      const key = keyOf(repository, id)
      const text = JSON.stringify({ version, state })
      const inRedis = redis.set(key, text, lifetimeMs).then(
        () => outdated.forget(key),
        () => outdated.remember(key),
      )
      await Promise.all([files.save(repository, id, state), inRedis])
    },

    async end(repository, id) {
      const key = keyOf(repository, id)
      await Promise.all([
        files.end(repository, id),
        redis.remove(key).catch(() => outdated.remember(key)),
      ])
    },
  }
}

/** With the repository, as an id is worth nothing in another one. */
const keyOf = (repository: string, id: string) => `kura:upload:${repository}:${id}`

function parseRecord(text: string | undefined): UploadState | undefined {
  if (text === undefined) return undefined
  try {
    return record.parse(JSON.parse(text)).state
  } catch {
    return undefined
  }
}
