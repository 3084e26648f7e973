/** Leases among the requests of one process: each waits for the one before it. */
import { busyError, type Leases, leaseOf, patience } from './lease.ts'

/** Requests of one process stand still together, and go on where they were. */
const ours = leaseOf(() => true)

/** `longest` is how long someone waits for their turn, in milliseconds. */
export function createInProcessLeases(longest = patience): Leases {
  const last = new Map<string, Promise<unknown>>()

  return {
    async hold(name, busy, work) {
      const before = last.get(name)
      const { promise: done, resolve: release } = Promise.withResolvers<void>()
      const turn = before ? before.then(() => done) : done
      last.set(name, turn)
      turn.then(() => last.get(name) === turn && last.delete(name))
      try {
        if (before && !(await settlesWithin(longest, before))) throw busyError(busy)
        return await work(ours)
      } finally {
        release()
      }
    },

    async close() {},
  }
}

async function settlesWithin(longest: number, promise: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(resolve, longest, false)
  try {
    return await Promise.race([promise.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
