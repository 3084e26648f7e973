/**
 * The memory of tags and of the manifests that they name, for storage that takes long to answer.
 *
 * The digest of a tag is a pointer in Redis, for a moment. Before a tag moves, its pointer is forgotten and
 * marked: until the mark goes, only storage is asked for the digest. Otherwise a request that asks storage
 * could see the change, and a later one that asks Redis the state before it. A change is acknowledged once
 * its mark is gone or, where Redis cannot be told, once every pointer has expired. So all clients read the
 * last acknowledged change, everywhere.
 */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { LRUCache } from 'lru-cache'
import { busyError } from '../../leases/lease.ts'
import { type Digest, isDigest } from '../../protocol/digest.ts'
import type { Tag } from '../../protocol/name.ts'
import type { Redis } from '../../redis/open.ts'
import type { StoredManifest } from '../manifests/read.ts'

export type TagCache = ReturnType<typeof createTagCache>

/** The known digest; or else the token with which the digest can be set, unless the tag changes. */
type Pointer = { digest?: Digest; token?: string }

/** The lives of a pointer, of a token, and of the mark of a change that was cut off, in milliseconds. */
const usual = { good: 2_000, finding: 1_000, changing: 30_000 }

const look = `
local known = redis.call('hmget', KEYS[1], 'digest', 'token', 'change')
if known[3] then return {'', ''} end
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

const begin = `
redis.call('del', KEYS[1])
redis.call('hset', KEYS[1], 'change', ARGV[1])
redis.call('pexpire', KEYS[1], ARGV[2])
return 1`

/* The mark of another change is left alone; what was remembered since the own mark got lost is not. */
const finish = `
local change = redis.call('hget', KEYS[1], 'change')
if change and change ~= ARGV[1] then return 0 end
return redis.call('del', KEYS[1])`

const mostBytes = 32 * 1024 * 1024
const overhead = 500

export function createTagCache(redis: Redis, times: Partial<typeof usual> = {}) {
  const pushed = new LRUCache<string, Digest>({ max: 10_000, ttl: 2_000 })
  const manifests = new LRUCache<Digest, StoredManifest>({
    maxSize: mostBytes,
    sizeCalculation: ({ bytes }) => overhead + bytes.length,
  })
  return {
    /** By the path of a tag's history, the digest by which the manifest was pushed. */
    pushed,
    /** The bytes of a digest never change. Whether they are still there, the tag says that names them. */
    manifests,
    ...createPointers(redis, { ...usual, ...times }),
  }
}

function createPointers(redis: Redis, { good, finding, changing }: typeof usual) {
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

    /**
     * Runs `work`, which changes the tag in storage once `marked` has resolved. Where Redis cannot be told
     * that, `marked` rejects and nothing may be changed.
     */
    async changing(repository: string, tag: Tag, work: (marked: Promise<void>) => Promise<void>) {
      const [keys, mark] = [[keyOf(repository, tag)], randomUUID()]
      const marked = redis.run({ lua: begin, keys, args: [mark, changing] }).then(
        () => true,
        () => false,
      )
      try {
        await work(marked.then(refuseUnless))
      } finally {
        if (await marked) {
          await redis.run({ lua: finish, keys, args: [mark] }).catch(() => wait(good + finding))
        }
      }
    },
  }
}

function refuseUnless(isMarked: boolean): void {
  if (!isMarked) throw busyError('unavailable')
}
