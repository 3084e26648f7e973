/**
 * The one reading of a host, wherever a request or a trusted proxy names it. Only what is plainly a name
 * or an address, with or without a port, is one: everything else would change the meaning of the URL that
 * it is put into.
 */
import { isIPv4, isIPv6 } from 'node:net'

/** An address of version 6 keeps its brackets. */
export type Host = { name: string; port: number | undefined }

const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?'
const pattern = new RegExp(
  `^(${label}(?:\\.${label})*\\.?|\\[[0-9a-f:.]+\\])(?::(\\d{0,5}))?$`,
  'i',
)
const longestName = 253
/** URLs read such a name as an address, of one number or of four, with eights and sixteens. */
const endsInNumber = /(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$/i

/** A port that is left out behind its colon is none, as RFC 3986 has it. */
export function findHost(text: string): Host | undefined {
  const [, name, digits = ''] = pattern.exec(text) ?? []
  if (name === undefined || name.length > longestName) return undefined
  if (name.startsWith('[') && !isIPv6(name.slice(1, -1))) return undefined
  if (endsInNumber.test(name) && !isIPv4(name)) return undefined
  const port = digits === '' ? undefined : Number(digits)
  return port === 0 || (port ?? 0) > 65_535 ? undefined : { name, port }
}

export function formatHost({ name, port }: Host): string {
  return port === undefined ? name : `${name}:${port}`
}

/** How a name is looked up: in small letters, and without the dot that ends it or the brackets around it. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$|^\[|\]$/g, '')
}
