/** What the gateway hands to the registry with a request: who asks, for what, and until when. */
import type { Digest } from './digest.ts'
import type { Target } from './endpoints.ts'
import type { ByteRange } from './range.ts'

/** What a token speaks of: `repository` and a name with the actions on it, as its scope had them. */
export type Grant = { type: string; name: string; actions: readonly string[] }

/** Who is asking. `name` is undefined for a stranger. */
export type Identity = {
  name: string | undefined
  groups: readonly string[]
  /** How they showed who they are. */
  method: string
  /** What their token allows at most, whatever the policies say; undefined means no bound. */
  bound?: readonly Grant[]
  /**
   * Milliseconds since 1970, when their token stopped being good, if that has passed. All that is left
   * to them then is to go on with uploads that they began before.
   */
  expiredAt?: number
}

/** A question that comes up while a request is answered, such as the source of a mount. */
export type Wanted = { action: string; repository: string; tag?: string }

/** What a manifest that was pushed names: images and platforms of an index, or layers and bytes. */
export type Pushed = { images?: number; platforms?: number; layers?: number; bytes?: number }

export type CallState = {
  requestId: string
  /** The scheme and authority that the client used, as far as we can know: `https://host:port`. */
  origin: string
  target: Target
  identity: Identity
  /** Whether the one who asks may do something else as a part of this request. */
  may: (wanted: Wanted) => boolean
  /** Whether no repository at all is hidden from the one who asks. */
  seesAll: () => boolean
  /** Aborts when the client has gone, so that nothing goes on for nobody. */
  signal: AbortSignal
  /** Set where somebody else sends the bytes of blobs, and only has to hear which. */
  nameBlob?: (blob: { digest: Digest; range: ByteRange }) => void
  /** Set once a manifest is stored. */
  pushed?: Pushed
}
