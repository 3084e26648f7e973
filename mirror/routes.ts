/**
 * Whose name a repository's name is: that of a mirror, or a local one. The gateway asks with what the client
 * wrote, and the registry with the name under which content is kept here.
 */
import { compilePatterns } from '../policies/engine/pattern.ts'
import { isRepository } from '../registry/protocol/name.ts'
import type { MirrorSettings } from './settings.ts'

/** `repository` is the name here; undefined where that name is another mirror's. */
export type Routed = { mirror: MirrorSettings; repository: string | undefined }
/** `remote` is the name at the upstream. */
export type Remote = { mirror: MirrorSettings; remote: string }

export function createRoutes(mirrors: readonly MirrorSettings[]) {
  // The longest prefix that fits counts, and the empty one fits everything.
  const byLength = [...mirrors].sort((a, b) => b.prefix.length - a.prefix.length)
  const byNamespace = new Map(mirrors.flatMap((it) => it.namespaces.map((name) => [name, it])))
  const defaults = mirrors.map((mirror) => ({
    mirror,
    matches: compilePatterns(mirror.defaults),
  }))
  return { find, findNamespace, remoteOf }

  /** The mirror that a client means by a name alone; undefined for a local repository. */
  function find(name: string): Routed | undefined {
    const mirror = ofPrefix(name)
    if (mirror?.prefix) return routed(mirror, remoteBelow(mirror, name) ?? name)
    const chosen = defaults.find(({ matches }) => matches(name, undefined))?.mirror ?? mirror
    return chosen && routed(chosen, name)
  }

  /**
   * The mirror of a namespace, as `?ns=` has it: never an address to go to. Clients that rewrite a name, or have
   * a path in the address of a mirror, send the prefix beside it.
   */
  function findNamespace(namespace: string, name: string): Routed | undefined {
    const mirror = byNamespace.get(namespace.toLowerCase())
    return mirror && routed(mirror, remoteBelow(mirror, name) ?? name)
  }

  /** The upstream of a name here; undefined for a local repository. */
  function remoteOf(repository: string): Remote | undefined {
    const mirror = ofPrefix(repository)
    if (!mirror) return undefined
    const remote = remoteBelow(mirror, repository) ?? repository
    return { mirror, remote: withLibrary(mirror, remote) }
  }

  function ofPrefix(name: string): MirrorSettings | undefined {
    return byLength.find(({ prefix }) => prefix === '' || name.startsWith(`${prefix}/`))
  }

  /** A longer prefix of another mirror may begin the same name: the content of one is never that of the other. */
  function routed(mirror: MirrorSettings, name: string): Routed {
    const remote = withLibrary(mirror, name)
    const repository = mirror.prefix ? `${mirror.prefix}/${remote}` : remote
    return { mirror, repository: ofPrefix(repository) === mirror ? repository : undefined }
  }
}

/** The rest of a name that begins with the prefix. */
function remoteBelow({ prefix }: MirrorSettings, name: string): string | undefined {
  return prefix && name.startsWith(`${prefix}/`) ? name.slice(prefix.length + 1) : undefined
}

function withLibrary({ hasLibrary }: MirrorSettings, name: string): string {
  return hasLibrary && !name.includes('/') && isRepository(name) ? `library/${name}` : name
}
