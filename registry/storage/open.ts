/** Which drivers there are, and what has to be true of a storage before anything is served from it. */
import { resolve } from 'node:path'
import type { StorageDriver } from './driver.ts'
import { checkFolder } from './filesystem/check.ts'
import { openPresence } from './filesystem/presence.ts'
import type { UrlOptions } from './s3/objects/presign.ts'
import type { Report, S3Options } from './s3/options.ts'

export type StorageChoice =
  | { driver: 'filesystem'; rootdirectory: string; readOnly?: boolean }
  | { driver: 'inmemory' }
  | ({ driver: 's3' } & S3Options & UrlOptions)

/** Loads only the driver that is asked for. Throws an error that an operator can act on. */
export async function openStorage(
  choice: StorageChoice,
  report: Report = () => {},
  warn: (message: string) => void = () => {},
): Promise<StorageDriver> {
  switch (choice.driver) {
    case 'inmemory':
      return (await import('./memory.ts')).createInmemoryDriver()
    case 'filesystem': {
      const root = resolve(choice.rootdirectory)
      await checkFolder(root, choice, warn)
      const presence = await openPresence(root, choice)
      return (await import('./filesystem/driver.ts')).createFilesystemDriver({ root, presence })
    }
    case 's3':
      return (await import('./s3/check.ts')).openS3Driver(choice, report)
  }
}
