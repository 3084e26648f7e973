/** Repositories: they come into being with their first push, and are listed once they hold manifests. */
import { fewAtOnce } from '../../pace/few-at-once.ts'
import { createShared } from '../../pace/shared.ts'
import { isRepository, parseRepository } from '../../protocol/name.ts'
import type { Call, StorageDriver } from '../../storage/driver.ts'
import { paths } from '../paths.ts'
import { orderOf, walkAll, walkFrom } from './walk.ts'

export type Repositories = ReturnType<typeof createRepositories>

export function createRepositories(storage: StorageDriver) {
  const walk = createShared(() => walkAll(storage))
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

  /** Every name that something lies below, in the order of registry:2, those after the name `after`. */
  function all(call?: Call & { after?: string }): AsyncIterable<string> {
    return walkFrom(storage, call?.after ?? '', call)
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
}
