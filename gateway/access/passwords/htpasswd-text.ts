/**
 * The text of a htpasswd file: UTF-8, or UTF-16 and UTF-32 as PowerShell writes what a command prints.
 * Without a mark at its beginning they are told by the zeros beside the letters of the first name.
 */
export type Encoding = 'UTF-8' | 'UTF-16' | 'UTF-32'
type Form = { encoding: Encoding; decode: (bytes: Uint8Array) => string }

const decodeAs = (label: string) => (bytes: Uint8Array) => new TextDecoder(label).decode(bytes)
const utf8: Form = { encoding: 'UTF-8', decode: decodeAs('utf-8') }

/** Four bytes, or two, of a mark or of a letter; `x` is any byte but zero. */
const forms: [first: string[], Form][] = [
  [['fffe0000', 'x000'], { encoding: 'UTF-32', decode: (bytes) => decodeUtf32(bytes, true) }],
  [['0000feff', '000x'], { encoding: 'UTF-32', decode: (bytes) => decodeUtf32(bytes, false) }],
  [['fffe', 'x0'], { encoding: 'UTF-16', decode: decodeAs('utf-16le') }],
  [['feff', '0x'], { encoding: 'UTF-16', decode: decodeAs('utf-16be') }],
]

export function decodeHtpasswd(bytes: Uint8Array): { text: string; encoding: Encoding } {
  const { encoding, decode } = formOf(bytes.subarray(0, 4))
  return { text: decode(bytes), encoding }
}

function formOf(first: Uint8Array): Form {
  const digits = Buffer.from(first).toString('hex')
  const zeros = Array.from(first, (byte) => (byte === 0 ? '0' : 'x')).join('')
  const found = forms.find(([[mark = '', letter = '']]) => {
    return digits.startsWith(mark) || zeros.startsWith(letter)
  })
  return found?.[1] ?? utf8
}

/** No decoder of the platform knows it. */
function decodeUtf32({ buffer, byteOffset, byteLength }: Uint8Array, isLittle: boolean): string {
  const view = new DataView(buffer, byteOffset, byteLength)
  let text = ''
  for (let at = 0; at + 4 <= byteLength; at += 4) {
    const code = view.getUint32(at, isLittle)
    text += code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code)
  }
  return text.replace(/^\ufeff/, '')
}
