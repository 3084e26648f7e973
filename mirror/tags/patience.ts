/** How long a client waits for the answer for a tag: not long where one is here, else as long as an upstream may take. */
import type { Leases } from '../../registry/leases/lease.ts'
import { RegistryError } from '../../registry/protocol/errors.ts'
import { UpstreamError } from '../../upstream/error.ts'

export type Patience = {
  /** Milliseconds for the upstream, where the tag is here. */
  heldMs: number
  /** Milliseconds for another process that asks, where the tag is not here. */
  absentMs: number
}

export const usualPatience: Patience = { heldMs: 10_000, absentMs: 60_000 }

type Turn = {
  leases: Leases
  lease: string
  signal: AbortSignal
  upstream: string
  /** For longer than a lease is waited for. */
  patienceMs: number
}

/** Throws `UpstreamError` where another process has been asking for too long. */
export async function inTurn<T>(turn: Turn, work: () => Promise<T>): Promise<T> {
  const { leases, lease, signal, upstream, patienceMs } = turn
  const end = Date.now() + patienceMs
  for (;;) {
    // A reason that no work answers by itself.
    const busy = 'upstreamTimeout'
    try {
      return await leases.hold(lease, busy, work)
    } catch (error) {
      if (!(error instanceof RegistryError && error.reason === busy)) throw error
      signal.throwIfAborted()
      if (Date.now() < end) continue
      throw new UpstreamError('timeout', upstream, 'it has not answered yet', { cause: error })
    }
  }
}

type Wait = { signal: AbortSignal; upstream: string; ms: number | undefined }

/** Gives `work` up after `ms`, also where it takes no notice of the signal. */
export async function within<T>(
  { signal, upstream, ms }: Wait,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  if (ms === undefined) return work(signal)
  const text = `it has not answered within ${Math.ceil(ms / 1000)} seconds`
  const late = new AbortController()
  const { promise: isLate, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = new UpstreamError('timeout', upstream, text)
    late.abort(error)
    reject(error)
  }, ms)
  try {
    return await Promise.race([work(AbortSignal.any([signal, late.signal])), isLate])
  } finally {
    clearTimeout(timer)
  }
}
