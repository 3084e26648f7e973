/** Leases among the requests of one process: each waits for the one before it. */
import { busyError, type Leases, patience } from './lease.ts'

export function createInProcessLeases(): Leases {
  const last = new Map<string, Promise<unknown>>()

  return {
    async hold(name, busy, work) {
      const before = last.get(name)
      const { promise: done, resolve: release } = Promise.withResolvers<void>()
      const turn = before ? before.then(() => done) : done
      last.set(name, turn)
      turn.then(() => last.get(name) === turn && last.delete(name))
      try {
        if (before && !(await settledInTime(before))) throw busyError(busy)
        return await work()
      } finally {
        release()
      }
    },

    async close() {},
  }
}

async function settledInTime(promise: Promise<unknown>): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(resolve, patience, false)
  try {
    return await Promise.race([promise.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
