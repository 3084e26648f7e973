/**
 * `npm run histories -- --operations 1000000`: clients of three gateways, on a folder or a bucket with
 * Redis, while processes are paused and killed and Redis is emptied. Ends with 1 when the history of a
 * tag is not linearizable, and writes that history down.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { makeBucket } from '../registry/storage/s3-bucket.ts'
import { startCeph } from '../support/ceph.ts'
import type { Cleanup } from '../support/cleanup.ts'
import { onFolder, onS3, startCluster, withRedis } from '../support/cluster.ts'
import { createRandom } from '../support/random.ts'
import { useRedis } from '../support/redis.ts'
import { linesOf, runClients, type Tally } from './clients.ts'
import { startFaults } from './faults.ts'

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '20000' },
    storage: { type: 'string', default: 'folder' },
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
  },
})
const gateways = 3
/** One of them is longer than a lease. */
const pauses = [20, 20, 50, 50, 100, 100, 300, 300, 1_000, 12_000]
const say = (text: string) => process.stdout.write(`${text}\n`)

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
  const redis = await useRedis(cleanup)
  const settings = { ...(await storage()), ...withRedis([redis.address]) }
  const cluster = await startCluster(cleanup, settings, { gateways })
  const random = createRandom(Number(values.seed))
  const faulty = startFaults({
    cluster,
    redis,
    random: createRandom(random.below(2 ** 32)),
    pauses,
  })
  const began = performance.now()
  const { faults, tally } = await runClients({
    urls: cluster.urls,
    random,
    operations: Number(values.operations),
    name: 'histories',
    onProgress: report,
  })
  report(tally)
  say(JSON.stringify({ seed: values.seed, ...(await faulty.end()), ...tally.answers }))
  for (const [index, fault] of faults.entries()) {
    const path = `history-${values.seed}-${index}.txt`
    await writeFile(path, linesOf(fault))
    say(`not linearizable: ${path}`)
  }
  return faults.length > 0 ? 1 : 0

  function report({ operations, unanswered, tags }: Tally): void {
    const seconds = Math.round((performance.now() - began) / 1000)
    say(`${operations} requests, ${unanswered} unanswered, ${tags} tags checked, ${seconds} s`)
  }
}

async function storage(): Promise<NodeJS.ProcessEnv> {
  if (values.storage === 'folder') return onFolder(await cleanup.folder())
  if (values.storage !== 's3') throw new Error(`--storage is folder or s3, not ${values.storage}`)
  const { endpoint } = await startCeph(cleanup)
  await makeBucket(endpoint)
  return onS3(endpoint)
}
