/** Work that is done once for all who ask for it at a time. */
import { createTurns } from './in-turn.ts'

/**
 * Nobody gets the answer of work that was begun before they asked. So at most one piece of work is under
 * way, and one waits for it.
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
