/**
 * `node bench/round-trips/run.ts`: what each kind of request asks of S3, for kura and docker-registry.
 * With `--all`, every request to S3 is listed with the time that passed until it began and ended.
 */
import { openRedis, openService } from '../bucket.ts'
import { type Client, createClient } from '../load/client.ts'
import type { PeerName } from '../match.ts'
import { peers } from '../peers/all.ts'
import { markdown } from '../report/table.ts'
import { createStage, type Stage } from '../stage.ts'
import { type Passed, startProxy } from './proxy.ts'
import { type Step, stepsOf } from './steps.ts'

const compared: PeerName[] = ['kura', 'docker-registry']
const listsAll = process.argv.includes('--all')

async function followSteps(client: Client, follow: (...step: Step) => Promise<unknown>) {
  for (const step of stepsOf(client)) await follow(...step)
}

type Counted = { title: string; text: string }

async function countTrips(stage: Stage): Promise<void> {
  const service = await openService(stage)
  const withRedis = await openRedis(stage)
  const columns: Counted[][] = []
  for (const name of compared) {
    const proxy = await startProxy(stage, { port: service.port })
    const storage = withRedis(await service.open(name, proxy.endpoint))
    const { url } = await peers[name].start({ stage, storage })
    const client = createClient({ url, connections: 1 })
    // Once in vain: what a process does when it starts is no part of a request.
    await followSteps(client, async (_, take) => take())
    await proxy.take()
    const column: Counted[] = []
    await followSteps(client, async (title, take) => {
      const start = performance.now()
      await take()
      const answered = performance.now() - start
      const passed = await proxy.take()
      column.push({ title, text: summaryOf(passed, answered) })
      if (listsAll) process.stdout.write(listOf(`${name}: ${title}`, passed, start))
    })
    client.close()
    columns.push(column)
  }
  const rows = columns[0]?.map(({ title }, row) => [
    title,
    ...columns.map((column) => column[row]?.text ?? ''),
  ])
  process.stdout.write(
    markdown([['', ...compared.map((name) => peers[name].title)], ...(rows ?? [])]),
  )
}

/** `5 (HEAD 3, PUT 2), 4 in a row, 21 ms` */
function summaryOf(passed: Passed[], answered: number): string {
  const counts = new Map<string, number>()
  for (const one of passed) counts.set(kindOf(one), (counts.get(kindOf(one)) ?? 0) + 1)
  const kinds = [...counts].map(([kind, count]) => `${kind} ${count}`).join(', ')
  const counted = passed.length > 0 ? ` (${kinds}), ${inRow(passed)} in a row` : ''
  return `${passed.length}${counted}, ${Math.round(answered)} ms`
}

/** The most requests of which each began after the one before it had ended. */
function inRow(passed: Passed[]): number {
  let [count, until] = [0, 0]
  for (const { start, end } of passed.toSorted((a, b) => a.end - b.end)) {
    if (start < until) continue
    count++
    until = end
  }
  return count
}

/** The kind of a request, by the first row that it fits. */
const kinds: [kind: string, fits: (it: Passed, query: URLSearchParams) => boolean][] = [
  ['copy part', ({ copies }, query) => copies && query.has('partNumber')],
  ['copy', ({ copies }) => copies],
  ['part', (_, query) => query.has('partNumber')],
  ['LIST uploads', ({ method }, query) => method === 'GET' && query.has('uploads')],
  ['begin parts', (_, query) => query.has('uploads')],
  ['complete', ({ method }, query) => method === 'POST' && query.has('uploadId')],
  ['LIST', ({ method }, query) => method === 'GET' && query.has('prefix')],
]

function kindOf(passed: Passed): string {
  const query = new URL(passed.url, 'http://localhost').searchParams
  return kinds.find(([, fits]) => fits(passed, query))?.[0] ?? passed.method
}

function listOf(title: string, passed: Passed[], from: number): string {
  const lines = passed
    .toSorted((a, b) => a.start - b.start)
    .map((it) => {
      const times = `${(it.start - from).toFixed(1)} to ${(it.end - from).toFixed(1)} ms`
      return `  ${times.padEnd(20)} ${kindOf(it)} ${decodeURIComponent(it.url)}\n`
    })
  return `${title}\n${lines.join('')}`
}

const stage = createStage()
try {
  await countTrips(stage)
} finally {
  await stage.clear()
}
