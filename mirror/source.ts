/** A repository at its upstream. */
import type { Upstream } from '../upstream/registry.ts'

export type Source = {
  upstream: Upstream
  /** Its name there. */
  remote: string
  /** The `Via` of the client's request, by which an upstream that leads back here is found out. */
  via: string | undefined
}
