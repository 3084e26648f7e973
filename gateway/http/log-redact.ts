/**
 * Takes the secrets out of what a client writes before it is logged: upload states, tokens, signatures,
 * passwords. Parameters known to hold none keep their value where it looks like one of theirs; any
 * other loses it, whatever it is called and however it is spelt.
 */
const harmless = new Set([
  'account',
  'artifactType',
  'client_id',
  'digest',
  'digest-algorithm',
  'from',
  'grant_type',
  'last',
  'mount',
  'n',
  'ns',
  'offline_token',
  'scope',
  'service',
  'tag',
])

/** Names, digests, scopes and media types; never a second query or another escape. */
const plainValue = /^[\w.:/+,@*~ -]*$/
const plainKey = /^[\w.%-]{0,64}$/
/** A parameter that is a word alone, such as `flag`, is no key that somebody was given. */
const word = /^[a-z]{1,16}$/
const user = /(^|[\\/]{2})[^\\/?#\s]*@/g

export function withoutSecrets(url: string): string {
  const bare = url.replace(user, '$1')
  const query = bare.search(/[?#]/) + 1
  if (query === 0) return bare
  return bare.slice(0, query) + bare.slice(query).split('&').map(redacted).join('&')
}

/** The same for text with URLs in it, as the name of a client may be. */
export function textWithoutSecrets(text: string): string {
  return /[?@#]/.test(text) ? text.replace(/\S+/g, withoutSecrets) : text
}

function redacted(parameter: string): string {
  const equals = parameter.indexOf('=')
  if (equals < 0) return word.test(parameter) || parameter === '' ? parameter : 'redacted'
  const [key, value] = [parameter.slice(0, equals), parameter.slice(equals + 1)]
  if (harmless.has(key) && isPlain(value)) return parameter
  return `${plainKey.test(key) ? key : 'redacted'}=redacted`
}

/** A name before a colon and one after it, with an @ behind them, are a user and a password. */
function isPlain(value: string): boolean {
  const text = decoded(value)
  if (text === undefined || !plainValue.test(text)) return false
  return !text.includes(':') || text.lastIndexOf('@') < text.indexOf(':')
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
