/** What the gateway hands to the registry with a request: who asks, for what, and until when. */
import type { Target } from './endpoints.ts'

/** Who is asking. `name` is undefined for a stranger. */
export type Identity = { name: string | undefined; groups: readonly string[]; method: string }

export type CallState = {
  requestId: string
  target: Target
  identity: Identity
  /** Aborts when the client has gone, so that nothing goes on for nobody. */
  signal: AbortSignal
}
