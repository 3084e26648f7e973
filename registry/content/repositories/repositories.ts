/** Repositories: they come into being with their first push, and are listed once they hold manifests. */
import { fewAtOnce } from '../../pace/few-at-once.ts'
import { createShared } from '../../pace/shared.ts'
import { isRepository, parseRepository } from '../../protocol/name.ts'
import type { Call, StorageDriver } from '../../storage/driver.ts'
import { paths } from '../paths.ts'

export type Repositories = ReturnType<typeof createRepositories>

export function createRepositories(storage: StorageDriver) {
  const walk = createShared(walkAll)
  return { exists, refuseNew, list, listVisible, all }

  /** Whether anything was ever pushed: a manifest, or a blob on its way to one. */
  async function exists(repository: string, call?: Call): Promise<boolean> {
    const [manifests, layers] = await Promise.all([
      holdsAnything(paths.manifests(repository), call),
      holdsAnything(paths.layers(repository), call),
    ])
    return manifests || layers
  }

  /**
   * Throws `badName` where there is no such repository and there may be no new one of that name. It has
   * to be here letter by letter, which a file system without case does not say of itself.
   */
  async function refuseNew(repository: string, call?: Call): Promise<void> {
    if (isRepository(repository)) return
    const first = repository.slice(0, repository.indexOf('/'))
    if ((await exists(repository, call)) && (await isSpelled(first, call))) return
    parseRepository(repository)
  }

  async function isSpelled(first: string, call?: Call): Promise<boolean> {
    // A beginning of it comes before it, and little comes between: so a bucket is not read from its start.
    const nearby = { after: first.slice(0, -1), signal: call?.signal }
    for await (const { name } of storage.list(paths.repositories, nearby)) {
      if (name >= first) return name === first
    }
    return false
  }

  async function holdsAnything(path: string, call?: Call): Promise<boolean> {
    for await (const _ of storage.list(path, call)) return true
    return false
  }

  /** Those that hold manifests, in the order of `all`. */
  async function* list(call?: Call & { after?: string }): AsyncIterable<string> {
    for await (const name of all(call)) {
      if (await holdsAnything(paths.manifests(name), call)) yield name
    }
  }

  /**
   * Of those that `isVisible`, in the same order. All names are walked and asked about for it, whatever
   * comes after `after`, so that the time tells nobody where the names are that they do not see.
   */
  async function* listVisible(
    isVisible: (name: string) => boolean,
    call?: Call & { after?: string },
  ): AsyncIterable<string> {
    const visible = (await walk()).filter(isVisible)
    const after = orderOf(call?.after ?? '')
    const rest = visible.filter((name) => orderOf(name) > after)
    const found = fewAtOnce(rest, (name) => holdsAnything(paths.manifests(name), call))
    for await (const [name, isRepository] of found) if (isRepository) yield name
  }

  /** As `all`, for whoever wants every one of them: level by level, many folders at a time. */
  async function walkAll(): Promise<string[]> {
    let names: string[] = []
    let level = await namesIn('')
    while (level.length > 0) {
      names = names.concat(level)
      const deeper = await Array.fromAsync(fewAtOnce(level, namesIn))
      level = deeper.flatMap(([, found]) => found)
    }
    return names.sort((one, other) => (orderOf(one) < orderOf(other) ? -1 : 1))
  }

  async function namesIn(parent: string): Promise<string[]> {
    const found = await Array.fromAsync(children(parent, ''))
    return found.map((name) => (parent ? `${parent}/${name}` : name))
  }

  /**
   * Every name that something lies below, in the order of registry:2: part by part, so that a/b comes
   * before a-b. With `after`, those that come later than it; the name itself need not exist.
   */
  async function* all(call?: Call & { after?: string }): AsyncIterable<string> {
    yield* below('', (call?.after ?? '').split('/').filter(Boolean), call)
  }

  async function* below(parent: string, after: string[], call?: Call): AsyncIterable<string> {
    const [from = '', ...deeper] = after
    for await (const name of children(parent, from, call)) {
      const repository = parent ? `${parent}/${name}` : name
      // What lies on the way to `after` comes before it; only what is below may come later.
      const onTheWay = name === from
      if (!onTheWay) yield repository
      yield* below(repository, onTheWay ? deeper : [], call)
    }
  }

  /** A name that begins with `_` holds what belongs to the repository itself. */
  async function* children(parent: string, from: string, call?: Call): AsyncIterable<string> {
    const folder = parent ? paths.repository(parent) : paths.repositories
    for await (const { name, isFolder } of storage.list(folder, { signal: call?.signal })) {
      if (isFolder && !name.startsWith('_') && name >= from) yield name
    }
  }
}

/** Names compared by it are in the order of `all`: part by part. */
function orderOf(name: string): string {
  return name.split('/').filter(Boolean).join('\0')
}
