/** Many pieces of work, a few at a time: one by one is slow, all at once starves everyone else. */

const few = 32

/**
 * Each item with what `work` answers for it, in order. Of the work, `most` pieces are under way at a time. A
 * piece that takes long holds the others up only once `2 * most` items wait for it.
 *
 * After a failure nothing new begins. In the end nothing is left under way, also where the caller stops
 * early: so the memory that the work uses can be given to other work.
 */
export async function* fewAtOnce<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T) => Promise<R>,
  most = few,
): AsyncGenerator<[item: T, answer: R], void, void> {
  const lanes = createLanes(most)
  const begun: Begun<T, R>[] = []
  try {
    for await (const item of items) {
      await lanes.free()
      if (lanes.hasFailed()) break
      begun.push(lanes.begin(item, work(item)))
      while (begun[0]?.isOver || begun.length === 2 * most) yield first(begun)
    }
    while (begun.length > 0) yield first(begun)
  } finally {
    await lanes.allFree()
  }
}

type Begun<T, R> = { item: T; answer: Promise<R>; isOver: boolean }

async function first<T, R>(begun: Begun<T, R>[]): Promise<[item: T, answer: R]> {
  const { item, answer } = begun.shift() as Begun<T, R>
  return [item, await answer]
}

function createLanes(most: number) {
  const running = new Set<Promise<void>>()
  let hasFailed = false
  let wake = () => {}
  return { free, begin, hasFailed: () => hasFailed, allFree: () => Promise.all(running) }

  /** Undefined at once where one is free; or resolves once one is, or once a piece of work has failed. */
  function free(): Promise<void> | undefined {
    if (running.size < most || hasFailed) return undefined
    return new Promise((resolve) => {
      wake = resolve
    })
  }

  function begin<T, R>(item: T, answer: Promise<R>): Begun<T, R> {
    const one = { item, answer, isOver: false }
    const end = () => {
      one.isOver = true
      running.delete(run)
      wake()
    }
    const run = answer.then(end, () => {
      hasFailed = true
      end()
    })
    running.add(run)
    return one
  }
}
