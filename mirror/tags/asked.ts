/**
 * When the upstream was last asked for a tag, by whichever process, and how that failed. A hint: if it is lost,
 * the upstream is asked once more. A failure is good for a minute at most, however long an answer is.
 */
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { StorageDriver } from '../../registry/storage/driver.ts'

const record = z.object({
  repository: z.string(),
  tag: z.string(),
  askedAt: z.number(),
  /** The cause, where the upstream failed. */
  failure: z.string().optional(),
})

export type Asked = z.infer<typeof record>
type Named = { repository: string; tag: string }

const mostRemembered = 10_000
const failureTtlMs = 60_000

/** `isKept` where other processes shall know it too; what strangers make up is remembered by this one alone. */
type Answer = { failure: string | undefined; isKept: boolean }

export type AskedTimes = ReturnType<typeof createAskedTimes>

export function createAskedTimes(storage: StorageDriver, now = Date.now) {
  const remembered = new LRUCache<string, Asked>({ max: mostRemembered })
  return { find, findLast, write }

  /** Undefined where it is longer ago than `ttlMs`. */
  async function find(named: Named, ttlMs: number): Promise<Asked | undefined> {
    const path = pathOf(named)
    const known = remembered.get(path)
    if (known && isFresh(known, ttlMs)) return known
    const found = await read(path)
    if (!found || !isFresh(found, ttlMs)) return undefined
    remembered.set(path, found)
    return found
  }

  /** However long it is ago. */
  async function findLast(named: Named): Promise<Asked | undefined> {
    const path = pathOf(named)
    return remembered.get(path) ?? (await read(path))
  }

  async function write({ repository, tag }: Named, { failure, isKept }: Answer): Promise<void> {
    const asked: Asked = {
      ...{ repository, tag, askedAt: now() },
      ...(failure !== undefined && { failure }),
    }
    const path = pathOf(asked)
    remembered.set(path, asked)
    if (!isKept) return
    // Where there is no room for it, this process alone knows.
    await storage.put(path, Buffer.from(JSON.stringify(asked)), { hint: true }).catch(() => {})
  }

  /** A time to come is one of a clock that was wrong. */
  function isFresh({ askedAt, failure }: Asked, ttlMs: number): boolean {
    const age = now() - askedAt
    return age >= 0 && age < (failure === undefined ? ttlMs : Math.min(ttlMs, failureTtlMs))
  }

  async function read(path: string): Promise<Asked | undefined> {
    return parse(await storage.get(path))
  }
}

function pathOf({ repository, tag }: Named): string {
  const key = createHash('sha256').update(`${repository}:${tag}`).digest('hex')
  return `kura/mirror/tags/${key.slice(0, 2)}/${key}`
}

function parse(bytes: Buffer | undefined): Asked | undefined {
  try {
    return bytes && record.parse(JSON.parse(bytes.toString()))
  } catch {
    return undefined
  }
}
