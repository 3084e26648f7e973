/**
 * What the settings of the mirrors leave out is not given away, though it may be here: neither under its name nor
 * by a mount. No upstream is asked, so the guard also stands alone, before a registry that is read only.
 */
import type { CallContext } from '../registry/http/context.ts'
import { createFilter, type Filter } from './filters.ts'
import { createRoutes, type Remote } from './routes.ts'
import type { MirrorSettings } from './settings.ts'

export type Guarded = Remote & { filter: Filter }

/** Throws `notMirrored`, or answers whose the repository of a request is: undefined for a local one. */
export function createGuard(mirrors: readonly MirrorSettings[]) {
  const routes = createRoutes(mirrors)
  const filters = new Map(mirrors.map((it) => [it, createFilter(it)]))
  const giveAll = [...filters.values()].every(({ allowsAll }) => allowsAll)

  return (ctx: CallContext): Guarded | undefined => {
    const { target } = ctx.state
    const found = target.repository === '' ? undefined : find(target.repository)
    if (!found) narrowMounts(ctx)
    else if (target.action === 'pull') {
      const isTag = target.kind === 'manifest' && !target.reference.includes(':')
      found.filter.refuse({ remote: found.remote, tag: isTag ? target.reference : undefined })
    }
    return found
  }

  function find(repository: string): Guarded | undefined {
    const found = routes.remoteOf(repository)
    const filter = found && filters.get(found.mirror)
    return filter && { ...found, filter }
  }

  /** The registry asks `may` about the source; a mount without one is from anywhere. */
  function narrowMounts({ state }: CallContext): void {
    const { may, target } = state
    if (giveAll || target.action !== 'push') return
    state.may = (wanted) => may(wanted) && (wanted.action !== 'pull' || isGiven(wanted.repository))
  }

  function isGiven(repository: string): boolean {
    if (repository === '') return false
    const found = find(repository)
    return !found || found.filter.allowsRepository(found.remote)
  }
}
