/** One piece of work at a time: for work that takes much memory, or that begins with what the one before has left. */

/** Makes a queue: each piece of work begins once the one before has ended, however it did. */
export function createTurns() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
}
