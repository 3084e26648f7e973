/** Work side by side, only so much of it at once. */

/** After a failure nothing new begins: `add` and `done` reject with its reason. */
export function createLane(atOnce: number) {
  const running = new Set<Promise<void>>()
  let failure: { reason: unknown } | undefined

  return { add, done }

  /** Resolves once the work has begun. */
  async function add(work: () => Promise<unknown>): Promise<void> {
    while (running.size >= atOnce && !failure) await Promise.race(running)
    if (failure) throw failure.reason
    const run = work()
      .catch((reason) => {
        failure ??= { reason }
      })
      .then(() => void running.delete(run))
    running.add(run)
  }

  /** Resolves once all has ended; nothing is left running when it rejects either. */
  async function done(): Promise<void> {
    await Promise.all(running)
    if (failure) throw failure.reason
  }
}
