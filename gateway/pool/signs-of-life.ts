/** Asks workers for a sign of life, each at most once at a time, and tells them what came of it. */
import type { Address } from './addresses.ts'
import type { Sign } from './probe.ts'
import type { Known } from './worker.ts'

type Parts = {
  /** Rejects when there is no sign. */
  probe: (address: Address, signal: AbortSignal) => Promise<Sign>
  answerMs: number
  /** Aborts when no worker is asked any more. */
  signal: AbortSignal
}

/** A worker that missed so many probes in turn is stuck, and so are the requests that wait for it. */
const missesToCut = 3

export function createSignsOfLife({ probe, answerMs, signal }: Parts) {
  const asked = new WeakSet<Known>()
  /** How many probes in turn a worker left without any answer. */
  const misses = new WeakMap<Known, number>()

  return async (worker: Known): Promise<void> => {
    if (asked.has(worker)) return
    asked.add(worker)
    const late = AbortSignal.timeout(answerMs)
    try {
      const sign = await probe(worker.address, AbortSignal.any([signal, late]))
      misses.delete(worker)
      if (sign === 'leaving') worker.leaving()
      else if (sign === 'up') worker.answered()
      // It has not left, though a process at this address may have said so before.
      else worker.unfit(sign.unfit)
    } catch (error) {
      if (!signal.aborted) miss(worker, error, late.aborted || isUnreachable(error))
    } finally {
      asked.delete(worker)
    }
  }

  function miss(worker: Known, error: unknown, isSilent: boolean): void {
    worker.silent(error)
    const count = isSilent ? (misses.get(worker) ?? 0) + 1 : 0
    misses.set(worker, count)
    if (count === missesToCut) worker.agent.destroy()
  }
}

/** The machine is gone. One that refuses is there, and may still be ending what it has. */
function isUnreachable(error: unknown): boolean {
  const { code = '' } = Object(error) as NodeJS.ErrnoException
  return ['EHOSTUNREACH', 'EHOSTDOWN', 'ENETUNREACH', 'ETIMEDOUT'].includes(code)
}
