/**
 * What tags name, remembered in Redis for a moment, for storage that takes long to answer. A tag that
 * moves is forgotten before its change is acknowledged; where Redis cannot be told, the change waits
 * until whatever was remembered has expired. So everyone reads what was last acknowledged, everywhere.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Redis } from '../redis/open.ts'
import { type Digest, isDigest } from '../spec/digest.ts'
import type { Tag } from '../spec/name.ts'

export type TagPointers = ReturnType<typeof createTagPointers>

/** What is known; or else the token that allows to say what was found out, for as long as nothing changes. */
type Pointer = { digest?: Digest; token?: string }

/** In milliseconds: what is remembered, and the time to find it out. */
const usual = { good: 2_000, finding: 1_000 }

const look = `
local known = redis.call('hmget', KEYS[1], 'digest', 'token')
if known[1] then return {known[1], ''} end
if known[2] then return {'', known[2]} end
redis.call('hset', KEYS[1], 'token', ARGV[1])
redis.call('pexpire', KEYS[1], ARGV[2])
return {'', ARGV[1]}`

const keep = `
if redis.call('hget', KEYS[1], 'token') ~= ARGV[1] then return 0 end
redis.call('hset', KEYS[1], 'digest', ARGV[2])
redis.call('pexpire', KEYS[1], ARGV[3])
return 1`

export function createTagPointers(redis: Redis, times: Partial<typeof usual> = {}) {
  const { good, finding } = { ...usual, ...times }
  const keyOf = (repository: string, tag: Tag) => `kura:{tag:${repository}:${tag}}`

  return {
    /** Never rejects: what Redis does not know, storage does. */
    async find(repository: string, tag: Tag): Promise<Pointer> {
      const keys = [keyOf(repository, tag)]
      try {
        const answer = await redis.run({ lua: look, keys, args: [randomUUID(), finding] })
        const [digest = '', token = ''] = answer as string[]
        return isDigest(digest) ? { digest } : { token }
      } catch {
        return {}
      }
    },

    /** To be called once the manifest was found that the tag names, after its pointer was asked for. */
    async keep(repository: string, tag: Tag, { token, digest }: { token: string; digest: Digest }) {
      const keys = [keyOf(repository, tag)]
      await redis.run({ lua: keep, keys, args: [token, digest, good] }).catch(() => {})
    },

    /** To be called when storage has changed, and awaited before anyone hears of it. */
    async forget(repository: string, tag: Tag): Promise<void> {
      try {
        await redis.remove(keyOf(repository, tag))
      } catch {
        await wait(good + finding)
      }
    },
  }
}
