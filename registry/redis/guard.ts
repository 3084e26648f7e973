/**
 * The guard before every call to Redis: a time limit, and a door that shuts when a call failed. While it
 * is shut, calls are refused at once. A look now and then, that no call waits for, opens it.
 */

export type Availability = { available: true } | { available: false; reason: string }

type Options = {
  /** How long a call may take, in milliseconds. */
  limitMs: number
  /** How long between two looks whether Redis is back. */
  pauseMs: number
  /** Resolves when Redis does all we need of it. */
  probe: () => Promise<unknown>
  /** Called once for each change. */
  onChange: (now: Availability) => void
}

export function createGuard({ limitMs, pauseMs, probe, onChange }: Options) {
  let reason: string | undefined
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let closed = false
  return { call, look, shut, isOpen: () => reason === undefined, close }

  /** Rejects when Redis cannot do it in time, and then with a sentence that holds no secret. */
  async function call<T>(work: () => Promise<T>): Promise<T> {
    if (reason !== undefined || closed) throw unavailable(reason ?? 'the connection is closed')
    try {
      return await within(limitMs, work())
    } catch (error) {
      const found = reasonOf(error)
      shut(found)
      throw unavailable(found)
    }
  }

  function shut(why: string): void {
    if (reason !== undefined || closed) return
    reason = why
    onChange({ available: false, reason: why })
    lookLater()
  }

  /** Looks whether Redis is back, if the door is shut. */
  async function look(): Promise<void> {
    if (reason === undefined || looking || closed) return
    looking = true
    clearTimeout(timer)
    try {
      await within(limitMs, probe())
      if (closed) return
      reason = undefined
      onChange({ available: true })
    } catch {
      lookLater()
    } finally {
      looking = false
    }
  }

  function lookLater(): void {
    if (!closed) timer = setTimeout(look, pauseMs).unref()
  }

  function close(): void {
    closed = true
    clearTimeout(timer)
  }
}

const unavailable = (reason: string) => new Error(`redis is not available: ${reason}`)

/** The message alone: the errors of the client carry the command they belong to, passwords and all. */
export function reasonOf(error: unknown): string {
  const { errors, lastNodeError } = Object(error) as { errors?: unknown[]; lastNodeError?: unknown }
  const inner = lastNodeError ?? errors?.[0]
  if (inner !== undefined) return reasonOf(inner)
  return error instanceof Error ? error.message : String(error)
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  // After a long halt of this process the timer is due at once; the answer, if there is one, goes first.
  const expire = () => setImmediate(reject, new Error(`no answer within ${limitMs} ms`))
  const timer = setTimeout(expire, limitMs)
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
