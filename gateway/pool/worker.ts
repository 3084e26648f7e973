/**
 * One worker as its gateway knows it: whether it takes requests, how much it has to do, and the connections
 * to it.
 */
import { Agent } from 'node:http'
import { type Address, nameOf } from './addresses.ts'

/** The part of a worker that a request needs. */
export type Worker = {
  readonly name: string
  readonly address: Address
  readonly agent: Agent
  /** Counts a request in, and with the function it answers out again. */
  begin(weight: number): () => void
  /** The worker could not be reached, or broke off: others come first until it answers again. */
  failed(): void
  /** The worker is there and of no use, for example with another secret: a failure with a reason. */
  unfit(reason: string): void
  /** The worker says that it stops: it gets nothing new. */
  leaving(): void
}

type State = 'up' | 'down' | 'leaving'
export type Change = { worker: string; state: State; reason?: string }

export type Known = Worker & {
  /** Undefined until its first sign of life, or the first one that is missing. */
  readonly state: State | undefined
  /** Why it is of no use, as long as it is there and says so. */
  readonly fault: string | undefined
  readonly load: number
  /** It answered a probe and takes requests. */
  answered(): void
  /** It did not answer a probe, for this reason. */
  silent(reason: unknown): void
  /** It is found no more: its requests may end, and it has no more news. */
  forget(): void
}

/** Sooner than a worker that stops closes an idle connection, or a request might meet it as it does. */
export const idleMs = 4_000
const mostIdle = 256

export function createWorker(address: Address, onChange: (change: Change) => void): Known {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: Number.POSITIVE_INFINITY,
    maxFreeSockets: mostIdle,
    timeout: idleMs,
  })
  let isForgotten = false
  const worker = {
    name: nameOf(address),
    address,
    agent,
    state: undefined as State | undefined,
    fault: undefined as string | undefined,
    load: 0,
    begin(weight: number) {
      worker.load += weight
      return () => {
        worker.load -= weight
      }
    },
    answered: () => become('up'),
    failed: () => become('down', { reason: 'a request failed' }),
    unfit: (fault: string) => become('down', { reason: fault, fault }),
    silent(reason: unknown) {
      if (worker.state !== 'leaving') become('down', { reason })
    },
    leaving,
    forget() {
      leaving()
      isForgotten = true
    },
  }
  return worker

  function leaving() {
    become('leaving')
    agent.maxFreeSockets = 0
    for (const sockets of Object.values(agent.freeSockets)) {
      for (const socket of sockets ?? []) socket.destroy()
    }
  }

  function become(state: State, { reason, fault }: { reason?: unknown; fault?: string } = {}) {
    const isOld = worker.state === state && worker.fault === fault
    if (isOld || isForgotten) return
    worker.state = state
    worker.fault = fault
    // A worker that was leaving has a successor at the same address by now.
    if (state === 'up') agent.maxFreeSockets = mostIdle
    onChange({ worker: worker.name, state, ...(reason ? { reason: String(reason) } : {}) })
  }
}
