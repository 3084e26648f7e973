/** The one error of a registry that was asked: its kind is for programs, its message for people. */

/**
 * - `refused`: no connection came about, `cut`: one broke, `timeout`: the registry took too long;
 * - `tls`: its certificate is not trusted, or TLS failed in another way;
 * - `unauthorized`: it wants a login, or refuses the one it got; `denied`: the login may not do this;
 * - `limited`: it answers 429, `retryAt` says until when; `fault`: it answers 5xx, or nonsense;
 * - `missing`: what was to be changed is not there; a read answers undefined instead;
 * - `rejected`: another 4xx; `content`: the bytes are not those of the digest; `large`: more of them than allowed;
 * - `redirect`: it redirects for ever, or to where nobody may follow; `loop`: it is this installation itself.
 */
export type Kind =
  | 'refused'
  | 'cut'
  | 'timeout'
  | 'tls'
  | 'unauthorized'
  | 'denied'
  | 'limited'
  | 'fault'
  | 'missing'
  | 'rejected'
  | 'content'
  | 'large'
  | 'redirect'
  | 'loop'

type Options = { status?: number; retryAt?: Date; cause?: unknown }

export class UpstreamError extends Error {
  override readonly name = 'UpstreamError'
  readonly kind: Kind
  /** The host, and the port where it is not the usual one. */
  readonly upstream: string
  /** What the registry answered, if it did. */
  readonly status: number | undefined
  /** For `limited`: not to be asked again before. */
  readonly retryAt: Date | undefined

  constructor(kind: Kind, upstream: string, message: string, options: Options = {}) {
    super(`${upstream}: ${message}`, { cause: options.cause })
    this.kind = kind
    this.upstream = upstream
    this.status = options.status
    this.retryAt = options.retryAt
  }
}
