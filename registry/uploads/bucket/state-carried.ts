/**
 * Upload states where storage takes long to answer: in Redis, and with the client, who carries them
 * from request to request. So storage is asked for nothing but the bytes of an upload, and a Redis
 * that forgets or is away ends none.
 *
 * Of the two the one counts that has come further: Redis knows of answers that got lost on their way,
 * clients of those that Redis could not be told. When both are gone so is the upload, unless it lies
 * in storage, where another registry began it.
 *
 * That an upload has ended is known to Redis alone, and for longer than anything of it can be carried:
 * else a request that is sent again would make it anew, and show a blob that was deleted since.
 */
import { z } from 'zod'
import { RegistryError } from '../../protocol/errors.ts'
import type { Redis } from '../../redis/open.ts'
import { stateRecord, type UploadState } from '../record.ts'
import type { UploadStates } from '../store.ts'
import { createUntold } from '../untold.ts'
import { type Carrier, carriedMs } from './signed-state.ts'
import type { BucketStates } from './states.ts'

/** Grows when an older kura would misread the record. */
const version = 1
const lifetimeMs = 24 * 60 * 60 * 1000
/** The last state was given out before the end, by a clock that may differ from the others. */
const endedMs = 2 * carriedMs
const ended = JSON.stringify({ version })

/** A process that lost its lease meanwhile may still want to write down how far it has come. */
const saveUnlessEnded = `
if redis.call('get', KEYS[1]) == ARGV[3] then return 0 end
redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2])
return 1`

const record = z.object({ version: z.literal(version), state: stateRecord.optional() })

type Parts = { redis: Redis; carrier: Carrier; files: Pick<UploadStates, 'find'> }

export function createCarriedStates({ redis, carrier, files }: Parts): BucketStates {
  const markEnded = (key: string) => redis.set(key, ended, endedMs)
  const untold = createUntold(markEnded)

  return {
    areFiles: false,

    async find(repository, id, carried = '') {
      const key = keyOf(repository, id)
      untold.tell()
      if (untold.has(key)) return undefined
      let isAway = false
      const text = await redis.get(key).catch((): undefined => {
        isAway = true
      })
      const known = readRecord(text)
      if (known && !known.state) return undefined
      const brought = carrier.read({ repository, id }, carried)
      const found = further(known?.state, brought) ?? inFiles(await files.find(repository, id))
      // A client that hears of an unknown upload gives up; this one it can ask for again.
      if (!found && isAway) throw new RegistryError('unavailable')
      return found
    },

    /** The client is told in any case. */
    async save(repository, id, state) {
      const args = [JSON.stringify({ version, state }), lifetimeMs, ended]
      const save = { lua: saveUnlessEnded, keys: [keyOf(repository, id)], args }
      await redis.run(save).catch(() => {})
    },

    async end(repository, id) {
      const key = keyOf(repository, id)
      await markEnded(key).catch(() => untold.remember(key))
    },

    carry: (repository, id, state) => carrier.write({ repository, id }, state),
  }
}

const keyOf = (repository: string, id: string) => `kura:upload:${repository}:${id}`

const inFiles = (state: UploadState | undefined) => state && { ...state, hasFiles: true }

function further(a: UploadState | undefined, b: UploadState | undefined): UploadState | undefined {
  if (!a || !b) return a ?? b
  return (b.received?.size ?? 0) > (a.received?.size ?? 0) ? b : a
}

function readRecord(text: string | null | undefined) {
  if (!text) return undefined
  try {
    return record.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
