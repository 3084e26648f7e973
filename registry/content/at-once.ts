/**
 * Asks for many things a few at a time: one by one is slow, all at once starves everyone else. What takes
 * much memory is asked for in turn, by the whole process.
 */

const few = 32

/** Each item with what `ask` answers for it, in order. */
export async function* atOnce<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  ask: (item: T) => Promise<R>,
  most = few,
): AsyncIterable<[item: T, answer: R]> {
  let some: T[] = []
  for await (const item of items) {
    some.push(item)
    if (some.length < most) continue
    yield* answersTo(some, ask)
    some = []
  }
  yield* answersTo(some, ask)
}

async function* answersTo<T, R>(items: T[], ask: (item: T) => Promise<R>) {
  const answers = await Promise.all(items.map(ask))
  for (const [index, answer] of answers.entries()) yield [items[index], answer] as [T, R]
}

/** Makes a queue: each piece of work begins once the one before has ended, however it did. */
export function createTurns() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}

/**
 * Does work for all who ask at a time. Nobody gets what was begun before they asked, so at most one piece
 * of work is under way, and one waits for it.
 */
export function createShared<T>(work: () => Promise<T>): () => Promise<T> {
  const inTurn = createTurns()
  let next: Promise<T> | undefined
  return () => {
    next ??= inTurn(() => {
      next = undefined
      return work()
    })
    return next
  }
}
