/**
 * The scopes that a client asks a token for: `type[(class)]:name:action[,action]`, one or several to a
 * parameter. A scope that cannot be read or is not known is dropped: asking too much is no error.
 */
import type { Grant } from '../../../registry/protocol/call.ts'

const knownTypes = new Set(['repository', 'registry'])
const mostScopes = 100
const longestScope = 1024

/** Names may contain colons, so a type ends at the first one and actions begin at the last. */
const pattern = /^([a-z]+)(?:\([a-z0-9]+\))?:([^\s:][^\s]*):([a-z*]+(?:,[a-z*]+)*)$/

/** A resource that is named twice comes back once, with the actions of both. */
export function parseScopes(parameters: readonly string[]): Grant[] {
  const found = new Map<string, Grant>()
  for (const text of wordsOf(parameters)) {
    const [, type = '', name = '', actions = ''] = pattern.exec(text) ?? []
    if (!knownTypes.has(type)) continue
    const key = `${type}:${name}`
    const all = [...(found.get(key)?.actions ?? []), ...actions.split(',')]
    found.set(key, { type, name, actions: [...new Set(all)] })
  }
  return [...found.values()]
}

/** The text that stands for `grants`, as answers carry it. */
export function scopeText(grants: readonly Grant[]): string {
  return grants.map(({ type, name, actions }) => `${type}:${name}:${actions.join()}`).join(' ')
}

/** Reads no further than the number of scopes that are allowed, however long the parameters are. */
function wordsOf(parameters: readonly string[]): string[] {
  const budget = mostScopes * (longestScope + 1)
  const words = parameters
    .slice(0, mostScopes)
    .flatMap((text) => text.slice(0, budget).split(' ', mostScopes))
  return words.filter((word) => word !== '' && word.length <= longestScope).slice(0, mostScopes)
}
