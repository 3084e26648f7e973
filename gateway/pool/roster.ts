/**
 * The workers that there are: a new address becomes a worker, and a worker whose address is found no more
 * is forgotten.
 */
import { type Address, type FindAddresses, nameOf } from './addresses.ts'
import { type Change, createWorker, type Known } from './worker.ts'

type Parts = {
  find: FindAddresses
  /** Asks a worker for a sign of life. */
  check: (worker: Known) => void
  onChange: (change: Change) => void
  /** Aborts when no worker is met any more. */
  signal: AbortSignal
}

export function createRoster({ find, check, onChange, signal }: Parts) {
  const known = new Map<string, Known>()
  let isFinding = false
  /** Why the workers could not be found, if the last look for them failed. */
  let fault: unknown

  return { known, look, describe, fault: () => fault }

  /**
   * Asks every worker, and the name server, side by side: a worker that is stuck delays the news of no
   * other. A question that is still open is not asked again.
   */
  function look(): void {
    for (const worker of known.values()) check(worker)
    if (isFinding) return
    isFinding = true
    find()
      .then(meet)
      // The known workers stay: that their list cannot be had now does not mean that they are gone.
      .catch((error) => {
        fault = error
      })
      .finally(() => {
        isFinding = false
      })
  }

  function meet(found: Address[]): void {
    if (signal.aborted) return
    fault = undefined
    const names = new Set(found.map(nameOf))
    for (const worker of known.values()) {
      if (names.has(worker.name)) continue
      worker.forget()
      known.delete(worker.name)
    }
    for (const address of found) {
      if (known.has(nameOf(address))) continue
      const worker = createWorker(address, onChange)
      known.set(worker.name, worker)
      check(worker)
    }
  }

  /** For an error: `10.0.0.7:5001 is down (another secret), 10.0.0.8:5001 is leaving`. */
  function describe(): string {
    if (known.size === 0) return fault ? String(fault) : 'there is none'
    return [...known.values()]
      .map((worker) => `${worker.name} is ${worker.state ?? 'new'}${reasonOf(worker)}`)
      .join(', ')
  }
}

const reasonOf = ({ fault }: Known) => (fault ? ` (${fault})` : '')
