/**
 * How a path of ours is written in a `Location`. A path alone is right behind any proxy, so that is what
 * clients get unless `http.host` says how they reach the registry, or `http.relativeurls: false` asks for
 * whole URLs.
 */
export type LocationRules = {
  /** Scheme and authority, such as https://registry.example:8443. */
  host: string | undefined
  relative: boolean | undefined
  /** Begins and ends with a slash. */
  prefix: string
}

/** `path` is below the prefix and begins with a slash; `origin` is the address that the client used. */
export function writeLocation(rules: LocationRules, path: string, origin: string): string {
  const { host, relative, prefix } = rules
  const whole = prefix.slice(0, -1) + path
  if (relative ?? host === undefined) return whole
  return (host ?? origin).replace(/\/+$/, '') + whole
}
