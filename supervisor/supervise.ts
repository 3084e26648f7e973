/**
 * Runs kura as several processes and keeps them running: one that dies is replaced, SIGHUP replaces
 * all of them one by one, and SIGTERM stops them without cutting a request short. The program starts
 * again in each process, so `supervise` is where the supervisor and they part.
 */
import cluster from 'node:cluster'
import type { Logger } from 'pino'
import type { Ask } from './asking.ts'
import { createCrew, type Roles, send } from './crew.ts'
import { handOverInTurn } from './handed-over.ts'
import type { Sender } from './notices.ts'
import { createPlaces } from './places.ts'
import { createReload } from './reload.ts'
import { createStop, stopSignals } from './stop.ts'
import { follow, type Running } from './supervised.ts'

export type Supervision<Given> = {
  roles: Roles
  log: Logger
  /** The time that running requests get to finish once a stop is asked for. */
  drainMs: number
  /** Called once in the supervisor; what it answers goes to every process. */
  prepare: () => Promise<Given>
  /** Called in each process; a rejection is why it could not start. */
  start: (role: string, given: Given, ask: Ask) => Promise<Running>
  /** Called in the supervisor: what a process asks with `ask`. */
  answer?: Ask
  /** Called in the supervisor: a line that a process has for the log, once for all of them. */
  notice?: (line: string, from: Sender) => void
  /** Called in the supervisor once every process has started. */
  onReady?: () => void
  /** Called before a reload; a rejection is why everything stays as it is. */
  check?: () => Promise<void>
  /** Called when a reload begins, when it is over, and when everything is about to stop. */
  onChange?: (change: 'reloading' | 'reloaded' | 'stopping') => void
}

/** Ends the process when all is over; it never comes back. */
export async function supervise<Given>(options: Supervision<Given>): Promise<never> {
  process.exit(await (cluster.isPrimary ? lead(options) : follow(options)))
}

/** The supervisor's part; answers the exit code. */
async function lead<Given>(options: Supervision<Given>): Promise<number> {
  const { roles, log, drainMs, prepare, answer, notice, onReady, check, onChange } = options
  const crew = createCrew(roles)
  const stop = createStop({ crew, log, drainMs, onStopping: () => onChange?.('stopping') })

  handOverInTurn()
  for (const signal of stopSignals) process.on(signal, stop.onSignal)
  const given = await prepare()
  const places = createPlaces({
    crew,
    log,
    answer,
    notice,
    here(child, role) {
      if (crew.isStopping) stop.next()
      else send(child, { kura: 'start', role, given })
    },
    onReady() {
      process.on('SIGHUP', createReload({ crew, places, log, check, onChange }))
      onReady?.()
    },
    onNoStart(why) {
      log.fatal(`could not start: ${why}`)
      stop.atOnce(1)
    },
    onEnd() {
      if (crew.isStopping) stop.next()
    },
  })
  places.fill()
  return stop.exitCode
}
