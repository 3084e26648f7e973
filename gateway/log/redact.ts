/**
 * Takes the secrets out of a URL that a client wrote before it is logged: upload states, tokens,
 * signatures, passwords. Only what looks as it should at its place stays: a segment of a path as those
 * of names and digests, and the value of a parameter that is known, as its values are.
 */
import { isToken } from '../access/safe-name.ts'

/** A repository's name, a tag, a number. */
const name = /^[\w./-]*$/
const host = /^[\w.-]*(?::\d{1,5})?$/

/** The parameters that hold no secret, and how the words of their values look. */
const harmless = new Map([
  ['account', /^[\w.$-]{0,64}(?:@[\w.-]{1,64})?$/],
  ['artifactType', name],
  ['client_id', name],
  ['digest', /^[\w+.-]*(?::[\da-f]*)?$/i],
  ['digest-algorithm', name],
  ['from', name],
  ['grant_type', name],
  ['last', name],
  ['mount', /^[\w+.-]*(?::[\da-f]*)?$/i],
  ['n', name],
  ['ns', host],
  ['offline_token', name],
  ['scope', /^[a-z]*(?:\([a-z]*\))?:[\w./-]*:[\w*,]*$/],
  ['service', host],
  ['tag', name],
])

/** A colon stands before a port or the rest of a digest, and never before a password. */
const plainSegment =
  /^(?:[\p{L}\p{N}_.@+~,*!$-]*(?::[\da-f]*)?|sha\d+:\w*|\[[\da-f:.]+\](?::\d*)?)$/iu
/** A name or a digest is no longer. */
const longestSegment = 255
/** Words of one case, as parameters are called. A word that may itself be a secret is not shown. */
const plainKey = /^[_-]?(?:(?:[A-Z]?[a-z]{1,16}|[A-Z])[_.-]?){0,4}$/
const user = /(^|[\\/]{2})[^\\/?#\s]*@/g

export const redacted = 'redacted'

export function withoutSecrets(url: string): string {
  const end = url.search(/[?#]/)
  const path = (end < 0 ? url : url.slice(0, end)).replace(user, '$1')
  const plain = path.replace(/[^\\/]+/g, (it) => (isPlainSegment(it) ? it : redacted))
  if (end < 0) return plain
  const parameters = url.slice(end + 1).split('&')
  return `${plain}${url[end]}${parameters.map(withoutValue).join('&')}`
}

function isPlainSegment(segment: string): boolean {
  if (segment.length > longestSegment) return false
  const words = decoded(segment).split('/')
  return words.every((it) => plainSegment.test(it) && !isToken(it))
}

function withoutValue(parameter: string): string {
  if (parameter === '') return ''
  const equals = parameter.indexOf('=')
  // A word alone may be anything.
  if (equals < 0) return redacted
  const [key, value] = [parameter.slice(0, equals), parameter.slice(equals + 1)]
  const pattern = harmless.get(key)
  const words = decoded(value).split(/[ +]/)
  if (pattern && words.every((it) => pattern.test(it) && !isToken(it))) return parameter
  return `${plainKey.test(key) ? key : redacted}=${redacted}`
}

/** Once, as its reader does: an escape that is left then is as little plain as one that is none. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return '%'
  }
}
