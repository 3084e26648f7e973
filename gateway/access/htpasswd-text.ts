/**
 * The text of a htpasswd file: UTF-8, or UTF-16 as PowerShell writes what a command prints. Without a
 * mark at its beginning it is told by the zeros beside the letters of the first name.
 */
type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be'

const marks: [bytes: number[], encoding: Encoding][] = [
  [[0xff, 0xfe], 'utf-16le'],
  [[0xfe, 0xff], 'utf-16be'],
]

export function decodeHtpasswd(bytes: Uint8Array): { text: string; isUtf16: boolean } {
  const encoding = encodingOf(bytes)
  return { text: new TextDecoder(encoding).decode(bytes), isUtf16: encoding !== 'utf-8' }
}

function encodingOf(bytes: Uint8Array): Encoding {
  const marked = marks.find(([mark]) => mark.every((byte, at) => bytes[at] === byte))
  if (marked) return marked[1]
  const [first, second] = bytes
  if (first === undefined || second === undefined || (first === 0) === (second === 0))
    return 'utf-8'
  return first === 0 ? 'utf-16be' : 'utf-16le'
}
