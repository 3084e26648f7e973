/** Where content is kept, as the configuration has it. */
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import {
  type OpenedStorage,
  openStorage,
  type Sharing,
  type StorageChoice,
  sharingOf,
} from '../registry/storage/open.ts'
import { withMiddleware, withUrlRules } from '../registry/storage/redirects.ts'
import { endpointOf } from '../registry/storage/s3/options.ts'

export async function openStorageOf(config: Config, log: Logger): Promise<OpenedStorage> {
  const report = (message: string, fields = {}) => log.info(fields, message)
  const opened = await openStorage(storageFrom(config), report, (it) => log.warn(it))
  const steps = config.middleware?.storage.filter(({ disabled }) => !disabled) ?? []
  const findUrl = withUrlRules(withMiddleware(opened.findUrl, steps), config.storage.redirect)
  return { ...opened, findUrl }
}

/** Says so where other machines reach the storage, and leases hold on this machine only. */
export function sharingWarnings(config: Config): string[] {
  const choice = findStorage(config)
  return choice ? unsharedWarnings(choice.driver, sharingOf(choice), config) : []
}

export function unsharedWarnings(
  driver: string,
  { by }: Sharing,
  { redis }: Pick<Config, 'redis'>,
): string[] {
  if (by !== 'network' || redis) return []
  return [
    `storage.${driver} without redis: no other machine may serve this storage; set redis.addrs to share it`,
  ]
}

/** Says so where clients of other machines would be sent to an address that is not for them. */
export function urlWarnings({ storage, middleware }: Config): string[] {
  const { s3, redirect } = storage
  const changes = middleware?.storage.some(({ disabled }) => !disabled)
  if (!s3 || redirect.disable || changes) return []
  const { redirectendpoint = s3.regionendpoint } = s3
  const endpoint = endpointOf({ ...s3, regionendpoint: redirectendpoint })
  if (!endpoint || !URL.canParse(endpoint) || !isNearby(new URL(endpoint).hostname)) return []
  const instead =
    'set storage.s3.redirectendpoint to the one they can reach, or storage.redirect.disable to true'
  return [`clients are sent to ${new URL(endpoint).origin} for blobs: ${instead}`]
}

/** This machine, or a name without a dot, as containers have among themselves. */
function isNearby(hostname: string): boolean {
  return /^(?:127\.|\[::1\]$|[^.:]+$)|\.localhost$/.test(hostname)
}

export function storageFrom(config: Pick<Config, 'storage'>): StorageChoice {
  const found = findStorage(config)
  if (found) return found
  throw new Error('storage: this driver is not supported yet')
}

/** Undefined for a driver that is not supported. */
function findStorage({ storage }: Pick<Config, 'storage'>): StorageChoice | undefined {
  if (storage.inmemory) return { driver: 'inmemory' }
  const readOnly = storage.maintenance.readonly.enabled
  if (storage.filesystem) return { driver: 'filesystem', ...storage.filesystem, readOnly }
  const urlLifetimeMs = storage.redirect.expiry
  if (storage.s3) return { driver: 's3', ...storage.s3, readOnly, urlLifetimeMs }
  return undefined
}
