/** The processes of a supervisor: the places that are to be filled, and all the processes that live. */
import type { Worker as Process } from 'node:cluster'
import type { Answered } from './asking.ts'
import type { Order } from './supervised.ts'

/**
 * How many processes there are of each role. A later role needs the earlier ones and stops before them, as
 * gateways do before their workers.
 */
export type Roles = readonly { role: string; processes: number }[]

/** One of the processes to be kept running, through all its replacements. */
export type Place = { role: string; everReady: boolean; delayMs: number; process?: Process }

export type Crew = {
  /** In the order of their roles. */
  places: readonly Place[]
  /** All that live. During a reload a place has two: the predecessor, and its successor. */
  alive: Map<Process, Place>
  isStopping: boolean
}

export function createCrew(roles: Roles): Crew {
  const places = roles.flatMap(({ role, processes }) =>
    Array.from({ length: processes }, (): Place => ({ role, everReady: false, delayMs: 0 })),
  )
  return { places, alive: new Map(), isStopping: false }
}

/** A process that is on its way out cannot be told anything any more, and need not be. */
export function send<Given>(child: Process, message: Order<Given> | Answered): void {
  child.process.send(message, undefined, undefined, () => {})
}

export function kill({ alive }: Crew): void {
  for (const child of alive.keys()) child.process.kill('SIGKILL')
}
