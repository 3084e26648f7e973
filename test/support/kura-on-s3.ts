/** kura with its content in a bucket, configured as a user would. */
import { cephKeys } from './ceph.ts'
import type { Cleanup } from './cleanup.ts'
import { startKura } from './kura.ts'

type Settings = {
  /** Keys of `storage.s3`, beside those that name the bucket. */
  s3?: Record<string, unknown>
  /** Keys of `storage.redirect`. */
  redirect?: Record<string, unknown>
  middleware?: Record<string, unknown>
  args?: string[]
}

export async function startKuraOnS3(cleanup: Cleanup, endpoint: string, settings: Settings = {}) {
  const { s3, redirect = {}, middleware, args = [] } = settings
  const bucket = { ...cephKeys, bucket: 'registry', regionendpoint: endpoint }
  const config = {
    version: '0.1',
    storage: { s3: { ...bucket, ...s3 }, redirect },
    ...(middleware && { middleware }),
  }
  const kura = await startKura({
    config: JSON.stringify(config),
    args: ['serve', ...args, 'config.yml'],
    env: { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: undefined, REGISTRY_KURA_PROCESSES: '1' },
  })
  cleanup.add(kura.stop)
  return kura
}
