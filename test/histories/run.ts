/**
 * `npm run histories -- --operations 1000000`: clients of three registries, while processes stand still or
 * are killed and Redis is emptied or away. Ends with 1 when the history of a tag is not linearizable, and
 * writes that history to a file. The seed gives the same requests and faults again, but not the same moments.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Cleanup } from '../support/cleanup.ts'
import type { Fault, Tally } from './clients.ts'
import { type Kind, kinds } from './faults.ts'
import { runSession, storages } from './session.ts'
import { tell } from './told.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '20000' },
    storage: { type: 'string', default: 'folder' },
    workers: { type: 'string', default: '0' },
    faults: { type: 'string', default: kinds.join() },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    logs: { type: 'string' },
  },
})
const say = (text: string) => void process.stdout.write(`${text}\n`)
const began = performance.now()
const seed = Number(values.seed)
const only = kinds.filter((it) => values.faults.split(',').includes(it)) satisfies Kind[]
const telling: Promise<void>[] = []

const steps: (() => Promise<unknown>)[] = []
const cleanup: Cleanup = {
  add: (step) => void steps.push(step),
  async folder() {
    const path = await mkdtemp(join(tmpdir(), 'kura-histories-'))
    steps.push(() => rm(path, { recursive: true, force: true }))
    return path
  },
}

try {
  process.exitCode = await run()
} finally {
  for (const step of steps.reverse()) await step().catch((error) => say(`cleaning up: ${error}`))
}

async function run(): Promise<number> {
  const storage = storages.find((it) => it === values.storage)
  if (!storage) throw new Error(`--storage is ${storages.join(' or ')}, not ${values.storage}`)
  say(`seed ${seed}, ${storage} with Redis, ${values.operations} requests`)
  const { tally, strikes, said } = await runSession(cleanup, {
    ...{ storage, seed, only, onFault, onProgress: report },
    workers: Number(values.workers),
    operations: Number(values.operations),
  })
  report(tally)
  say(JSON.stringify({ faults: strikes, heard: tally.heard }))
  await Promise.all(telling)
  if (values.logs) await writeFile(values.logs, said())
  return telling.length > 0 ? 1 : 0
}

function report({ operations, unanswered, tags }: Tally): void {
  const seconds = Math.round((performance.now() - began) / 1000)
  say(`${operations} requests, ${unanswered} unanswered, ${tags} tags checked, ${seconds} s`)
}

function onFault(fault: Fault): void {
  const where = { folder: '.', seed, number: telling.length + 1 }
  telling.push(tell(fault, where).then(say))
}
