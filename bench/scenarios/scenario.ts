/** Something that clients do again and again, to be measured. */
import type { Client } from '../load/client.ts'

export type Scenario = {
  title: string
  /** How many clients do it at once; each number is a line of the report. */
  connections: readonly number[]
  unit: string
  /** How much of the unit one operation is. */
  amount: number
  /** The server's processor time is told for so many of this unit. */
  cost: { unit: string; amount: number }
  /** A turn leaves so much behind that it has to be removed before the next. */
  isLarge?: boolean
  /** The most operations of one turn, so that there is room for it. */
  most?: number
  /** Prepares what the load needs, and answers the load: a step of one client, or requests of `wrk`. */
  open(client: Client): Promise<Load>
}

type Load = (() => Promise<unknown>) | { wrk: string; headers: Record<string, string> }
