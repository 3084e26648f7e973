/**
 * A kura for the tests of clients, in the place that jest's project names: a folder in one process
 * (`process`, the usual one), a folder behind workers (`workers`), or a bucket beside Redis (`bucket`).
 */
import { makeBucket } from '../registry/storage/s3/started.ts'
import { cephKeys, startCeph } from './ceph.ts'
import type { Cleanup } from './cleanup.ts'
import { type Kura, startKura } from './kura.ts'
import { useRedis } from './redis.ts'

const places = { process: onFolder, workers: behindWorkers, bucket: onBucket }
type Place = keyof typeof places
type Start = { env?: NodeJS.ProcessEnv }

const { place = 'process' } = globalThis as { place?: Place }

/** Gone when the tests of the file have ended. */
export async function startKuraHere(cleanup: Cleanup, { env = {} }: Start = {}): Promise<Kura> {
  const kura = await places[place](cleanup, env)
  cleanup.add(kura.stop)
  return kura
}

function onFolder(_: Cleanup, env: NodeJS.ProcessEnv) {
  return startKura({ env })
}

function behindWorkers(_: Cleanup, env: NodeJS.ProcessEnv) {
  return startKura({ args: ['serve', '--workers', '2'], env })
}

async function onBucket(cleanup: Cleanup, env: NodeJS.ProcessEnv) {
  const { endpoint } = await startCeph(cleanup)
  await makeBucket(endpoint)
  const { port } = await useRedis(cleanup)
  const s3 = { ...cephKeys, bucket: 'registry', regionendpoint: endpoint }
  const config = {
    version: '0.1',
    storage: { s3 },
    redis: { addr: `127.0.0.1:${port}` },
    http: { secret: 'what the processes of this test share' },
  }
  return startKura({
    config: JSON.stringify(config),
    env: { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: undefined, ...env },
  })
}
