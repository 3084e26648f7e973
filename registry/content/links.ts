/**
 * Links: small files whose text is a digest. One that holds anything else was cut short by a crash of
 * some earlier registry; it counts as absent, so that no listing fails over it, and is reported once.
 */
import { LRUCache } from 'lru-cache'
import {
  algorithmOf,
  algorithms,
  canonical,
  type Digest,
  hexOf,
  isDigest,
} from '../protocol/digest.ts'
import type { Call, Version } from '../storage/driver.ts'
import type { FencedStorage, ReadableStorage } from '../storage/fenced.ts'

export type Links = ReturnType<typeof createLinks>
/** Without a digest where the link was damaged. */
export type VersionedLink = { digest: Digest | undefined; version: Version }
export type ReportBadLink = (path: string, found: string) => void

const rememberedReports = 10_000

export function createLinks(storage: ReadableStorage, report: ReportBadLink) {
  const reported = new LRUCache<string, true>({ max: rememberedReports })
  return { read, readVersioned, findNames, aliases }

  async function read(path: string, call?: Call): Promise<Digest | undefined> {
    const bytes = await storage.get(path, call)
    return bytes && digestIn(bytes, path)
  }

  /** `read`, with the version to which a change of the link can be bound. */
  async function readVersioned(path: string, call?: Call): Promise<VersionedLink | undefined> {
    const found = await storage.getVersioned(path, call)
    return found && { digest: digestIn(found.bytes, path), version: found.version }
  }

  function digestIn(bytes: Buffer, path: string): Digest | undefined {
    const text = bytes.toString('latin1').trim()
    if (isDigest(text)) return text
    if (!reported.has(path)) report(path, text.slice(0, 100))
    reported.set(path, true)
    return undefined
  }

  /** All that the bytes are called below `folder` which `digest` is a name of; undefined if it is none. */
  async function findNames(
    folder: string,
    digest: Digest,
    call?: Call,
  ): Promise<Digest[] | undefined> {
    const [algorithm, hex] = [algorithmOf(digest), hexOf(digest)]
    const stored = await read(`${folder}/${algorithm}/${hex}/link`, call)
    return stored && [...new Set([digest, stored, ...(await aliases(folder, stored, call))])]
  }

  /** The other digests below `folder` that lead to `stored`: what clients called the same bytes. */
  async function aliases(folder: string, stored: Digest, call?: Call): Promise<Digest[]> {
    const found: Digest[] = []
    for (const algorithm of algorithms.filter((name) => name !== canonical)) {
      for await (const { name } of storage.list(`${folder}/${algorithm}`, call)) {
        const alias = `${algorithm}:${name}`
        const leadsTo = await read(`${folder}/${algorithm}/${name}/link`, call)
        if (isDigest(alias) && leadsTo === stored) found.push(alias)
      }
    }
    return found
  }
}

type Link = { path: string; digest: Digest }

export async function writeLink(under: FencedStorage, { path, digest }: Link, call?: Call) {
  await under.put(path, Buffer.from(digest), call)
}

/** False where anything but `over` is there. */
export async function replaceLink(
  under: FencedStorage,
  { path, digest, over }: Link & { over: Version | undefined },
  call?: Call,
): Promise<boolean> {
  return under.replace(path, Buffer.from(digest), { ...call, over })
}
