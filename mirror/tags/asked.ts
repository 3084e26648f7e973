/**
 * When the upstream was last asked for a tag, by whichever process, and how that failed. A hint: if it is lost,
 * the upstream is asked once more.
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

export type AskedTimes = ReturnType<typeof createAskedTimes>

export function createAskedTimes(storage: StorageDriver, now = Date.now) {
  const remembered = new LRUCache<string, Asked>({ max: mostRemembered })
  return { find, write }

  /** Undefined where it is longer ago than `ttlMs`. */
  async function find(named: Named, ttlMs: number): Promise<Asked | undefined> {
    const path = pathOf(named)
    const known = remembered.get(path)
    if (known && isFresh(known, ttlMs)) return known
    const found = parse(await storage.get(path))
    if (!found || !isFresh(found, ttlMs)) return undefined
    remembered.set(path, found)
    return found
  }

  async function write({ repository, tag }: Named, failure: string | undefined): Promise<void> {
    const asked: Asked = {
      ...{ repository, tag, askedAt: now() },
      ...(failure !== undefined && { failure }),
    }
    const path = pathOf(asked)
    remembered.set(path, asked)
    // Where there is no room for it, this process alone knows.
    await storage.put(path, Buffer.from(JSON.stringify(asked)), { hint: true }).catch(() => {})
  }

  /** A time to come is one of a clock that was wrong. */
  function isFresh({ askedAt }: Asked, ttlMs: number): boolean {
    const age = now() - askedAt
    return age >= 0 && age < ttlMs
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
