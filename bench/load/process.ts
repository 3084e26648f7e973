/**
 * The clients of one turn, in a process of their own: prepares, says so, waits to be told, and answers
 * how fast it went.
 */
import { once } from 'node:events'
import { type ScenarioName, scenarios } from '../scenarios/all.ts'
import { createClient } from './client.ts'
import { type Outcome, runLanes } from './lanes.ts'
import { runWrk } from './wrk.ts'

export type Task = {
  scenario: ScenarioName
  url: string
  authority?: string | undefined
  connections: number
  seconds: number
}

export type Message = { ready: true } | { outcome: Outcome } | { failed: string }

const say = (message: Message) => process.send?.(message)

async function work(task: Task): Promise<void> {
  const { most = Number.POSITIVE_INFINITY, open } = scenarios[task.scenario]
  const client = createClient(task)
  const load = await open(client)
  const told = once(process, 'message')
  say({ ready: true })
  await told
  const outcome =
    typeof load === 'function' ? await runLanes(load, { ...task, most }) : await runWrk(load, task)
  client.close()
  say({ outcome })
}

process.once('message', (task: Task) => {
  work(task)
    .catch((error: Error) => say({ failed: error.stack ?? error.message }))
    .finally(() => process.disconnect?.())
})
