/** A run from beginning to end: three registries on a storage with Redis, their clients and their faults. */
import { makeBucket } from '../registry/storage/s3/started.ts'
import { startCeph } from '../support/ceph.ts'
import type { Cleanup } from '../support/cleanup.ts'
import { onFolder, onS3, withRedis } from '../support/cluster.ts'
import { folderInMemory } from '../support/memory.ts'
import { createRandom } from '../support/random.ts'
import { type Fault, runClients, type Tally } from './clients.ts'
import { createFaults, type Kind, startSharedRedis } from './faults.ts'
import { startNodes } from './nodes.ts'

export const storages = ['folder', 's3'] as const

/** More than what a request leaves, on the average. */
const bytesEach = 4_000

type Options = {
  storage: (typeof storages)[number]
  workers?: number
  operations: number
  seed: number
  /** The kinds of faults, if not all. */
  only?: readonly Kind[] | undefined
  onFault: (fault: Fault) => void
  onProgress?: (tally: Tally) => void
}

export async function runSession(cleanup: Cleanup, options: Options) {
  const { workers, operations, seed, only, onFault, onProgress } = options
  const redis = await startSharedRedis(cleanup)
  const env = { ...(await variablesOf(options, cleanup)), ...withRedis([redis.address]) }
  const nodes = await startNodes(cleanup, env, workers)
  const faults = createFaults({ nodes, redis, random: createRandom(seed), ...(only && { only }) })
  const tally = await runClients({
    urls: nodes.urls,
    seed,
    operations,
    onFault,
    onStep: faults.step,
    ...(onProgress && { onProgress }),
  })
  return { tally, strikes: await faults.end(), said: nodes.said }
}

async function variablesOf({ storage, operations }: Options, cleanup: Cleanup) {
  if (storage === 'folder') {
    return onFolder(await folderInMemory(cleanup, operations * bytesEach))
  }
  const { endpoint } = await startCeph(cleanup)
  await makeBucket(endpoint)
  return onS3(endpoint)
}
