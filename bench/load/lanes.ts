/** Clients side by side, each of which begins again when it is through, until the time is over. */

/** `perSecond` and `operations` are counted in operations of the scenario. */
export type Outcome = { perSecond: number; operations: number }

type Options = { connections: number; seconds: number; most: number }

/**
 * Each lane counts for the time it took itself: the last round of a slow one ends long after the
 * others, and to divide all by that would be unfair to who is slow.
 */
export async function runLanes(
  step: () => Promise<unknown>,
  { connections, seconds, most }: Options,
): Promise<Outcome> {
  const end = performance.now() + seconds * 1000
  let begun = 0

  async function lane(): Promise<Outcome> {
    const start = performance.now()
    let operations = 0
    while (begun < most && performance.now() < end) {
      begun++
      await step()
      operations++
    }
    const elapsed = (performance.now() - start) / 1000
    return { perSecond: operations > 0 ? operations / elapsed : 0, operations }
  }

  const all = await Promise.all(Array.from({ length: connections }, lane))
  return {
    perSecond: all.reduce((sum, it) => sum + it.perSecond, 0),
    operations: all.reduce((sum, it) => sum + it.operations, 0),
  }
}
