/** Takes the `Forwarded` header apart (RFC 7239): an element for each proxy, parameters in each. */

/** Names in lower case; values without their quotes. */
export type ForwardedElement = ReadonlyMap<string, string>

const token = "[!#$%&'*+.^_`|~\\w-]+"
const quoted = '"((?:[^"\\\\]|\\\\.)*)"'
const pair = new RegExp(`[ \\t]*(?:(${token})=(?:(${token})|${quoted})[ \\t]*)?(;|,|$)`, 'y')

/** Undefined when any of it cannot be read: nobody can then say where an element begins. */
export function parseForwarded(text: string): ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = []
  let element = new Map<string, string>()
  pair.lastIndex = 0
  for (;;) {
    const [found, name, plain, inQuotes = ''] = pair.exec(text) ?? []
    if (found === undefined) return undefined
    if (name !== undefined && !add(element, name, plain ?? inQuotes.replace(/\\(.)/g, '$1'))) {
      return undefined
    }
    if (found.endsWith(';')) continue
    elements.push(element)
    if (!found.endsWith(',')) return elements
    element = new Map()
  }
}

/** False for a parameter that stands twice in its element. */
function add(element: Map<string, string>, name: string, value: string): boolean {
  const key = name.toLowerCase()
  if (element.has(key)) return false
  element.set(key, value)
  return true
}
