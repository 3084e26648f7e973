/** Work under a key that several callers want at once is done once: each may leave, and the others get the result. */

/**
 * Who asks while the work is under way joins it, unlike with `createShared`, where it begins once more. `make` hears
 * nothing of the callers' signals, so it has to end by itself.
 */
export function createJoined<T>() {
  const underWay = new Map<string, Promise<T>>()
  return (key: string, make: () => Promise<T>, signal?: AbortSignal): Promise<T> => {
    const found = underWay.get(key)
    if (found) return untilAborted(found, signal)
    const made = make().finally(() => underWay.delete(key))
    underWay.set(key, made)
    return untilAborted(made, signal)
  }
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  // Nobody may be left to hear of a failure.
  promise.catch(() => {})
  const { promise: result, resolve, reject } = Promise.withResolvers<T>()
  const leave = () => reject(signal.reason)
  if (signal.aborted) leave()
  signal.addEventListener('abort', leave, { once: true })
  promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  return result
}
