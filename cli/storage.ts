/** Where content is kept, as the configuration has it. */
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { openStorage, type StorageChoice } from '../registry/storage/open.ts'

export function openStorageOf(config: Config, log: Logger) {
  return openStorage(storageFrom(config), (message, fields) => log.info(fields ?? {}, message))
}

export function storageFrom({ storage }: Pick<Config, 'storage'>): StorageChoice {
  if (storage.inmemory) return { driver: 'inmemory' }
  if (storage.filesystem) return { driver: 'filesystem', ...storage.filesystem }
  const readOnly = storage.maintenance.readonly.enabled
  if (storage.s3) return { driver: 's3', ...storage.s3, readOnly }
  throw new Error('storage: this driver is not supported yet')
}
