/** What is measured: something that clients do again and again. */
import type { Client } from '../load/client.ts'

export type Scenario = {
  title: string
  /** How many clients do it at once; each number is a line of the report. */
  connections: readonly number[]
  unit: string
  /** How much of the unit one operation is. */
  amount: number
  /** What the server's processor time is told for: so many of the unit. */
  cost: { unit: string; amount: number }
  /** What a turn leaves behind takes so much room that it has to go before the next. */
  isLarge?: boolean
  /** The most operations of one turn, so that there is room for it. */
  most?: number
  /** Prepares what the load needs, and answers the load: a step of one client, or requests of `wrk`. */
  open(client: Client): Promise<Load>
}

type Load = (() => Promise<unknown>) | { wrk: string; headers: Record<string, string> }
