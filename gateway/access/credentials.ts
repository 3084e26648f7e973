/**
 * Takes the `Authorization` header apart, once, at the edge. A header that is not plainly one name
 * with a password, or one token, is refused; no message repeats any of it.
 */
export type Credentials =
  | { scheme: 'basic'; name: string; password: string }
  | { scheme: 'bearer'; token: string }

/** The header says something that nobody here can check. */
export class BadCredentials extends Error {
  override readonly name = 'BadCredentials'
}

/** As long as a whole head may be. */
const longest = 32 * 1024
const wellFormed = /^([A-Za-z][A-Za-z0-9-]*) +([A-Za-z0-9._~+/-]+=*)$/
const base64 = /^[A-Za-z0-9+/]+={0,2}$/
const controls = /\p{Cc}/u
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const schemes: Record<string, (value: string) => Credentials> = {
  basic: parseBasic,
  bearer: (token) => ({ scheme: 'bearer', token }),
}

/**
 * Undefined when there is no header. Given as `headersDistinct` has it, a second header is noticed:
 * what proxies and servers make of two differs, so neither counts.
 */
export function parseAuthorization(
  header: string | readonly string[] | undefined,
): Credentials | undefined {
  const [value, ...others] = header === undefined ? [] : [header].flat()
  if (value === undefined) return undefined
  if (others.length > 0) throw new BadCredentials('there is more than one Authorization header')
  if (value.length > longest) throw new BadCredentials('the Authorization header is too long')

  const [, scheme = '', rest = ''] = wellFormed.exec(value) ?? []
  const name = scheme.toLowerCase()
  const parse = Object.hasOwn(schemes, name) ? schemes[name] : undefined
  if (!parse) throw new BadCredentials('the Authorization header is neither Basic nor Bearer')
  return parse(rest)
}

function parseBasic(value: string): Credentials {
  const text = decode(value)
  const colon = text.indexOf(':')
  if (colon < 1) throw new BadCredentials('Basic credentials are a name, a colon and a password')
  if (controls.test(text)) throw new BadCredentials('Basic credentials have no control characters')
  return { scheme: 'basic', name: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** The padding may be left out; what decodes to the same bytes in another spelling may not. */
function decode(value: string): string {
  const bytes = Buffer.from(value, 'base64')
  const canonical = bytes.toString('base64')
  const isPlain = value === canonical || value === canonical.replace(/=+$/, '')
  if (!base64.test(value) || !isPlain) throw new BadCredentials('this is not base64')
  try {
    return utf8.decode(bytes)
  } catch {
    throw new BadCredentials('this is not UTF-8')
  }
}
