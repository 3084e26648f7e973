/** Asks for many things a few at a time: one by one is slow, all at once starves everyone else. */

const few = 32

/** Each item with what `ask` answers for it, in order. */
export async function* atOnce<T, R>(
  items: readonly T[],
  ask: (item: T) => Promise<R>,
): AsyncIterable<[item: T, answer: R]> {
  for (let at = 0; at < items.length; at += few) {
    const some = items.slice(at, at + few)
    const answers = await Promise.all(some.map(ask))
    for (const [index, answer] of answers.entries()) yield [some[index] as T, answer]
  }
}
