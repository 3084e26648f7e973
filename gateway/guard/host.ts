/**
 * The value of a `Host` header, taken apart. Only what is plainly a name or an address with or without
 * a port is one: everything else would change the meaning of the URL that it is put into.
 */
import { isIPv6 } from 'node:net'

export type Host = { name: string; port: string | undefined }

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const pattern = new RegExp(
  `^(${label}(?:\\.${label})*\\.?|\\[[0-9a-f:.]+\\])(?::(\\d{1,5}))?$`,
  'i',
)
const longestName = 253

export function findHost(text: string): Host | undefined {
  const [, name, port] = pattern.exec(text) ?? []
  if (name === undefined || name.length > longestName) return undefined
  if (name.startsWith('[') && !isIPv6(name.slice(1, -1))) return undefined
  return { name, port }
}
