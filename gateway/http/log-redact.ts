/**
 * Takes the secrets out of a URL before it is logged: upload states, tokens, signatures, passwords.
 * The parameters known to hold none keep their value; any other loses it, whatever it is called.
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

export function withoutSecrets(url: string): string {
  // Only an absolute URL, rare as a request's target and usual as a referer, can name a user.
  const bare = url.startsWith('/') ? url : url.replace(/^([a-z]+:\/\/)[^/?#]*@/i, '$1')
  const query = bare.indexOf('?') + 1
  if (query === 0) return bare
  return bare.slice(0, query) + bare.slice(query).split('&').map(redacted).join('&')
}

function redacted(parameter: string): string {
  const equals = parameter.indexOf('=')
  const key = parameter.slice(0, Math.max(equals, 0))
  return equals < 0 || harmless.has(key) ? parameter : `${key}=redacted`
}
