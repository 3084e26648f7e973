/**
 * Variables that a shell on the way could not hold: `REGISTRY_HTTP_HEADERS_Access-Control-Allow-Origin`
 * is a name to everyone but dash. Our launchers pass the environment they were given along in one
 * variable; what got lost of it comes back here.
 */
type Environment = Record<string, string | undefined>

const carrier = 'KURA_ENVIRONMENT'

export function restoreVariables(env: Environment): void {
  const given = Buffer.from(env[carrier] ?? '', 'base64').toString()
  delete env[carrier]
  for (const entry of given.split('\0')) {
    const at = entry.indexOf('=')
    const name = entry.slice(0, at)
    if (/^REGISTRY_.*[^\w]/.test(name)) env[name] ??= entry.slice(at + 1)
  }
}
