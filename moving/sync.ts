/** Copies that a file names, one repository after another. A failure of one does not keep the others. */
import picomatch from 'picomatch'
import { type Access, openRegistry } from './places/open.ts'
import type { Call } from './places/place.ts'
import { parsePlace } from './places/spelling.ts'
import { type CopyOptions, runCopy } from './run.ts'
import type { SyncCopy } from './sync-file.ts'

type Options = Pick<CopyOptions, 'access' | 'parallel' | 'bytesPerSecond' | 'output' | 'call'> & {
  copies: readonly SyncCopy[]
  plainHttp: { from: boolean; to: boolean }
  /** Hears of each tag that is copied, is deleted, or failed. */
  done: (line: string) => void
}

/** Answers how many failed. */
export async function runSync(options: Options): Promise<number> {
  const { done, call } = options
  let failures = 0
  const failed = (name: string, error: unknown) => {
    call.signal?.throwIfAborted()
    failures++
    done(`failed ${name}: ${(error as Error).message}`)
  }
  for (const copy of options.copies) {
    try {
      for (const pair of await listRepositories(copy, options)) {
        await syncRepository(pair, copy, { ...options, failed }).catch((it) =>
          failed(pair.from, it),
        )
      }
    } catch (error) {
      failed(copy.from, error)
    }
  }
  return failures
}

type Pair = { from: string; to: string }
type Failed = (name: string, error: unknown) => void

async function syncRepository(pair: Pair, copy: SyncCopy, options: Options & { failed: Failed }) {
  const { plainHttp, done, failed } = options
  await runCopy({
    ...options,
    from: parsePlace(pair.from, { plainHttp: plainHttp.from }),
    to: parsePlace(pair.to, { plainHttp: plainHttp.to }),
    tags: copy.tags,
    newest: copy.newest,
    platforms: copy.platforms,
    withReferrers: copy.referrers,
    followsDeletions: copy.delete,
    copied: (line) => done(`copied ${line}`),
    deleted: (name) => done(`deleted ${name}`),
    failed: (tag, error) => failed(`${pair.from}:${tag}`, error),
  })
}

/** Names without a pattern need no list, which Docker Hub and others do not have. */
async function listRepositories(copy: SyncCopy, options: Options): Promise<Pair[]> {
  const { from, to, repositories } = copy
  if (!repositories) return [{ from, to }]
  const isPattern = (text: string) => picomatch.scan(text).isGlob
  const plain = repositories.filter((it) => !isPattern(it))
  const patterns = repositories.filter(isPattern)
  const found = patterns.length === 0 ? [] : await findRepositories(copy, patterns, options)
  const names = new Set([...plain, ...found])
  return [...names].map((name) => ({ from: `${from}/${name}`, to: `${to}/${name}` }))
}

async function findRepositories(copy: SyncCopy, patterns: string[], options: Options) {
  const { access, plainHttp, call } = options
  const place = parsePlace(`${copy.from}/any`, { plainHttp: plainHttp.from })
  if (place.kind !== 'registry') throw new Error(`${copy.from}: only a registry has repositories`)
  const prefix = place.repository.slice(0, -'any'.length)
  const all = await listAll(place, access.from, call)
  if (!all) throw new Error(`${place.host} gives no list of its repositories: name each of them`)
  const below = all.filter((it) => it.startsWith(prefix)).map((it) => it.slice(prefix.length))
  const fits = picomatch(patterns)
  const found = below.filter((name) => fits(name))
  if (found.length > 0) return found
  throw new Error(`${copy.from} has no repository such as ${patterns.join(' or ')}`)
}

async function listAll(place: { url: URL; host: string }, access: Access, call: Call) {
  const registry = await openRegistry(place, access)
  try {
    return await registry.repositories(call)
  } finally {
    await registry.close()
  }
}
