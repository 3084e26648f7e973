/** Which drivers there are, and what has to be true of a storage before anything is served from it. */
import { resolve } from 'node:path'
import type { Call, FindUrl, StorageDriver } from './driver.ts'
import { checkFolder } from './filesystem/check.ts'
import { openPresence } from './filesystem/presence.ts'
import type { Placing } from './placing.ts'
import type { UrlOptions } from './s3/objects/presign.ts'
import type { Report, S3Options } from './s3/options.ts'

export type StorageChoice =
  | { driver: 'filesystem'; rootdirectory: string; readOnly?: boolean }
  | { driver: 'inmemory' }
  | ({ driver: 's3' } & S3Options & UrlOptions)

/** Which processes reach the same values, and so must agree on who writes. */
export type Sharing =
  /** One process. */
  | { by: 'process' }
  /** Processes that see the folder, of one machine or of several: leases lie in it. */
  | { by: 'folder'; root: string }
  /** Processes of any machine. Nothing in the storage can hold a lease, so machines share it through a Redis only. */
  | { by: 'network' }

export type OpenedStorage = {
  driver: StorageDriver
  /** Of a bucket; undefined for all else. */
  placing: Placing | undefined
  /** Undefined where values can be got from nowhere else. */
  findUrl: FindUrl | undefined
  /** Removes what a crash has left and nobody sees, if it was begun before `before`; answers how much. */
  removeUnfinished(before: Date, call?: Call): Promise<number>
}

/** Known before the storage is opened: leases and warnings depend on it. */
export function sharingOf(choice: StorageChoice): Sharing {
  switch (choice.driver) {
    case 'inmemory':
      return { by: 'process' }
    case 'filesystem':
      return { by: 'folder', root: resolve(choice.rootdirectory) }
    case 's3':
      return { by: 'network' }
  }
}

/** Loads only the driver that is asked for. Throws an error that an operator can act on. */
export async function openStorage(
  choice: StorageChoice,
  report: Report = () => {},
  warn: (message: string) => void = () => {},
): Promise<OpenedStorage> {
  switch (choice.driver) {
    case 'inmemory':
      return plain((await import('./memory.ts')).createInmemoryDriver())
    case 'filesystem': {
      const root = resolve(choice.rootdirectory)
      await checkFolder(root, choice, warn)
      const presence = await openPresence(root, choice)
      const { createFilesystemDriver } = await import('./filesystem/driver.ts')
      return plain(createFilesystemDriver({ root, presence }))
    }
    case 's3':
      return (await import('./s3/check.ts')).openS3(choice, report)
  }
}

function plain(driver: StorageDriver): OpenedStorage {
  return { driver, placing: undefined, findUrl: undefined, removeUnfinished: async () => 0 }
}
