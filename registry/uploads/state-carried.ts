/**
 * Upload states where storage takes long to answer: in Redis, and with the client, who carries them
 * from request to request. So storage is asked for nothing but the bytes of an upload, and a Redis
 * that forgets or is away ends none.
 *
 * Of the two the one counts that has come further: Redis knows of answers that got lost on their way,
 * clients of those that Redis could not be told. When both are gone so is the upload, unless it lies
 * in storage, where another registry began it. Once Redis has forgotten that an upload has ended,
 * a client that still carries it finds it without bytes, and may begin anew.
 */
import { z } from 'zod'
import type { Redis } from '../redis/open.ts'
import { RegistryError } from '../spec/errors.ts'
import type { Carrier } from './carried.ts'
import type { UploadState, UploadStates } from './state.ts'
import { stateRecord } from './state-record.ts'

/** Grows when an older kura would misread the record. */
const version = 1
const lifetimeMs = 24 * 60 * 60 * 1000
/** How long a client may repeat the request that ended an upload. */
const endedMs = 60 * 60 * 1000

const record = z.object({ version: z.literal(version), state: stateRecord.optional() })

type Parts = { redis: Redis; carrier: Carrier; files: UploadStates }

export function createCarriedStates({ redis, carrier, files }: Parts): UploadStates {
  return {
    async find(repository, id, carried = '') {
      let isAway = false
      const text = await redis.get(keyOf(repository, id)).catch((): undefined => {
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

    async save(repository, id, state) {
      await write(repository, id, { state }, lifetimeMs)
    },

    async end(repository, id) {
      await write(repository, id, {}, endedMs)
    },

    carry: (repository, id, state) => carrier.write({ repository, id }, state),
  }

  /** The client is told in any case. */
  async function write(repository: string, id: string, it: { state?: UploadState }, ms: number) {
    await redis.set(keyOf(repository, id), JSON.stringify({ version, ...it }), ms).catch(() => {})
  }
}

const keyOf = (repository: string, id: string) => `kura:upload:${repository}:${id}`

const inFiles = (state: UploadState | undefined) => state && { ...state, filed: true }

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
