/** The call that the gateway hands to the registry with a request: its user, its target, its signal. */
import type { Digest } from './digest.ts'
import type { Target } from './endpoints.ts'
import type { ByteRange } from './range.ts'

/** A right in a token: `repository`, a name and the actions on it, as its scope had them. */
export type Grant = { type: string; name: string; actions: readonly string[] }

/** The user of a request. `name` is undefined for a stranger. */
export type Identity = {
  name: string | undefined
  groups: readonly string[]
  /** The way of signing in, such as `htpasswd`. */
  method: string
  /** The rights in the token, beyond which the policies allow nothing; undefined without a bound. */
  bound?: readonly Grant[]
  /**
   * Milliseconds since 1970, when the token ran out, if it has. The user may then only go on with uploads
   * that began before.
   */
  expiredAt?: number
}

/** A question that comes up while a request is answered, such as the source of a mount. */
export type Wanted = { action: string; repository: string; tag?: string }

/** The parts of a manifest that was pushed: images and platforms of an index, or layers and bytes. */
export type Pushed = { images?: number; platforms?: number; layers?: number; bytes?: number }

export type CallState = {
  requestId: string
  /** The scheme and authority that the client used, as far as we can know: `https://host:port`. */
  origin: string
  target: Target
  identity: Identity
  /** Whether the user may do something else as a part of this request. */
  may: (wanted: Wanted) => boolean
  /** Whether no repository at all is hidden from the user. */
  seesAll: () => boolean
  /** Aborts when the client has gone, so that nothing goes on for nobody. */
  signal: AbortSignal
  /** Set where the gateway sends the bytes of blobs, and only has to hear which. */
  nameBlob?: ((blob: { digest: Digest; range: ByteRange }) => void) | undefined
  /** Set once a manifest is stored. */
  pushed?: Pushed
}
