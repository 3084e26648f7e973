/**
 * The end of a supervisor: SIGTERM and SIGINT stop its processes, the later roles first, and leave their
 * requests until the deadline. A second signal kills them at once.
 */
import { constants } from 'node:os'
import type { Logger } from 'pino'
import { type Crew, kill, send } from './crew.ts'

type StopSignal = 'SIGINT' | 'SIGTERM'

export const stopSignals: StopSignal[] = ['SIGINT', 'SIGTERM']
/** A terminal signals everyone and npm passes it on: the same signal at once is one wish, not two. */
const echoMs = 500
/** How much later than its own deadline a process is held to be stuck. */
const stuckMs = 1_000
const longestTimer = 2 ** 31 - 1 - stuckMs

type Parts = { crew: Crew; log: Logger; drainMs: number; onStopping: () => void }

export function createStop({ crew, log, drainMs, onStopping }: Parts) {
  const exit = Promise.withResolvers<number>()
  const longestDrainMs = Math.min(drainMs, longestTimer)
  let begun: { signal: StopSignal; at: number } | undefined

  return { exitCode: exit.promise, onSignal, next, atOnce }

  function onSignal(signal: StopSignal) {
    if (!begun) begin(signal)
    else if (signal !== begun.signal || Date.now() - begun.at >= echoMs) {
      atOnce(128 + constants.signals[signal])
    }
  }

  function begin(signal: StopSignal) {
    begun = { signal, at: Date.now() }
    crew.isStopping = true
    onStopping()
    const more = signal === 'SIGINT' ? '; Ctrl-C once more stops at once' : ''
    log.info({ signal, processes: crew.alive.size }, `stopping${more}`)
    setTimeout(() => kill(crew), longestDrainMs + stuckMs)
    next()
  }

  /**
   * Stops the processes that no others need, and resolves when none is left. With a gateway and a worker
   * alive, it is the gateway; once that is gone, the worker.
   */
  function next() {
    const living = [...crew.alive.values()]
    const last = crew.places.findLast(({ role }) => living.some((it) => it.role === role))
    if (!last) return exit.resolve(0)
    const left = longestDrainMs - (Date.now() - (begun?.at ?? 0))
    const order = { kura: 'stop', replaced: false, drainMs: Math.max(left, 0) } as const
    for (const [child, { role }] of crew.alive) if (role === last.role) send(child, order)
  }

  function atOnce(exitCode: number) {
    kill(crew)
    exit.resolve(exitCode)
  }
}
