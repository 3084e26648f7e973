/** A mirror as the configuration has it: whose content it fetches, and the names under which it is kept here. */

/** Patterns as policies have them. An empty `allow` allows everything. */
export type Patterns = { allow: readonly string[]; deny: readonly string[] }

export type MirrorSettings = {
  /** Names the upstream in messages: `docker.io`. */
  name: string
  /** The address that is asked. */
  remoteUrl: string
  /** Begins the names of its repositories here; empty where the whole registry is its mirror. */
  prefix: string
  /** The values of `?ns=` that mean it, such as `docker.io`. */
  namespaces: readonly string[]
  /** Patterns of repositories that are its own also without prefix and `?ns=`. */
  defaults: readonly string[]
  /** Whether a name of one part belongs into `library/`, as on Docker Hub. */
  hasLibrary: boolean
  repositories: Patterns
  tags: Patterns
  /** Milliseconds for which an answer for a tag is good. */
  tagTtlMs: number
  /** Milliseconds that a download goes on without clients. */
  lingerMs: number
}
