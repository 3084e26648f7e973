/** Where the paths of a storage lead to in a folder of this machine, and what it means that nothing is there. */
import { dirname, join } from 'node:path'
import { flushFolder } from '../../../files/flush.ts'
import type { Fence } from '../driver.ts'
import { hasCode, nothingThere } from './absent.ts'
import { inFolder } from './folders.ts'
import type { Presence } from './presence.ts'

export type Place = ReturnType<typeof createPlace>

type Options = {
  root: string
  /** Tells whether the folder is still there. */
  presence?: Presence
}

export function createPlace({ root, presence }: Options) {
  const confirm = presence?.confirm
  return { locate, locateUnder, absentIfMissing, inFolderOf, flushName }

  function locate(path: string): string {
    return join(root, path)
  }

  /** The same place, for as long as the lease is held. Nothing may be made on the way that is not there. */
  function locateUnder(path: string, fence: Fence | undefined): string {
    fence?.check()
    return join(root, fence?.way ?? '', path)
  }

  async function absentIfMissing<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work
    } catch (error) {
      if (!hasCode(error, nothingThere)) throw error
      await confirm?.()
      return undefined
    }
  }

  /** Runs `work`, which makes the file `target`: the folder is made first. */
  function inFolderOf<T>(target: string, work: () => Promise<T>): Promise<T> {
    return inFolder(dirname(target), { confirm, work })
  }

  /** The name of a file is on disk, or what took it away: a folder that was removed has no names to flush. */
  async function flushName(file: string): Promise<void> {
    await absentIfMissing(flushFolder(dirname(file)))
  }
}
