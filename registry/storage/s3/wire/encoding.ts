/** Keys and parameters as they stand in a URL; the signature and the request have the same form. */

/** `encodeURIComponent` leaves these as they are; Amazon does not. */
const alsoEncoded = /[!'()*]/g

export function encodedKey(key: string): string {
  return key.split('/').map(encode).join('/')
}

export function queryOf(query: Record<string, string>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&')
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    alsoEncoded,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
