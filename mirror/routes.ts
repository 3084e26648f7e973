/**
 * Whose name a repository's name is: that of a mirror, or a local one. The gateway asks with what the client
 * wrote, and the registry with the name under which content is kept here.
 */
import { compilePatterns } from '../policies/engine/pattern.ts'
import { isRepository } from '../registry/protocol/name.ts'
import type { MirrorSettings } from './settings.ts'

/** `repository` is the name here. */
export type Routed = { mirror: MirrorSettings; repository: string }
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
  return { find, findNamespace, remoteOf, isClosed }

  /** The mirror that a client means by a name alone; undefined for a local repository. */
  function find(name: string): Routed | undefined {
    const mirror = ofPrefix(name)
    if (mirror?.prefix) return routed(mirror, name.slice(mirror.prefix.length + 1))
    const chosen = defaults.find(({ matches }) => matches(name, undefined))?.mirror ?? mirror
    return chosen && routed(chosen, name)
  }

  /** The mirror of a namespace, as `?ns=` has it: never an address to go to. */
  function findNamespace(namespace: string, name: string): Routed | undefined {
    const mirror = byNamespace.get(namespace.toLowerCase())
    return mirror && routed(mirror, name)
  }

  /** The upstream of a name here; undefined for a local repository. */
  function remoteOf(repository: string): Remote | undefined {
    const mirror = ofPrefix(repository)
    if (!mirror) return undefined
    const remote = mirror.prefix ? repository.slice(mirror.prefix.length + 1) : repository
    return { mirror, remote: withLibrary(mirror, remote) }
  }

  /** Whether an unknown namespace is refused: a registry that is a mirror as a whole has one upstream only. */
  function isClosed(): boolean {
    return mirrors.every(({ prefix }) => prefix !== '')
  }

  function ofPrefix(name: string): MirrorSettings | undefined {
    return byLength.find(({ prefix }) => prefix === '' || name.startsWith(`${prefix}/`))
  }
}

function routed(mirror: MirrorSettings, name: string): Routed {
  const remote = withLibrary(mirror, name)
  return { mirror, repository: mirror.prefix ? `${mirror.prefix}/${remote}` : remote }
}

function withLibrary({ hasLibrary }: MirrorSettings, name: string): string {
  return hasLibrary && !name.includes('/') && isRepository(name) ? `library/${name}` : name
}
