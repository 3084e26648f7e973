/** The message of a supervisor to all of its processes, and the log that they write to. */
import type { Logger } from 'pino'

export type Logs = {
  /** Of requests. */
  log: Logger
  /** Of what concerns all processes of a machine: what several say here is written once. */
  notices: Logger
}

export type Given = {
  /** A folder that is theirs alone, for as long as the supervisor runs. */
  folder: string
  /** Random, and theirs alone as well. */
  key: string
  /** The secret with which gateways and workers sign. */
  secret: string
  /** Whether nobody configured `log`. */
  brief?: boolean
  /** Where the sockets of workers are, when they are on this machine. */
  sockets?: string
}
