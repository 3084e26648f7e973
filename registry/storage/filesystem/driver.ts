/** Storage in a folder of this machine, laid out and written as safely as a file system allows. */
import { constants } from 'node:fs'
import {
  copyFile,
  type FileHandle,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { draftSuffix, fillDraft, throughDraft } from '../../../files/draft.ts'
import { flushFile, flushFolder } from '../../../files/flush.ts'
import type { Call, Fence, StorageDriver } from '../driver.ts'
import { appendTo } from './append.ts'
import { ensureFolder } from './folders.ts'
import type { Presence } from './presence.ts'
import { openedFrom, readFrom } from './read.ts'
import { type Give, giveOver, isVersion, versionOf } from './versions.ts'

const newFile = 0o666
/** Where the file system can, without copying a byte. */
const clone = constants.COPYFILE_FICLONE

/** ENOTDIR: a file stands where the path needs a folder. ENAMETOOLONG: no file can be called so. */
const nothingThere = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'])

type Options = {
  root: string
  /** Tells whether the folder is still there. */
  presence?: Presence
}

export function createFilesystemDriver({ root, presence }: Options): StorageDriver {
  const locate = (path: string) => join(root, path)
  const confirm = presence?.confirm
  /** The same place, for as long as the lease is held. Nothing may be made on the way that is not there. */
  const locateUnder = (path: string, fence: Fence | undefined) => {
    fence?.check()
    return join(root, fence?.way ?? '', path)
  }

  async function absentIfMissing<T>(work: Promise<T>): Promise<T | undefined> {
    try {
      return await work
    } catch (error) {
      if (!nothingThere.has((error as NodeJS.ErrnoException).code ?? '')) throw error
      await confirm?.()
      return undefined
    }
  }

  async function write(path: string, value: Uint8Array, call: Writing): Promise<boolean> {
    const { signal, fence, hint = false, give } = call
    const target = locate(path)
    const isKept = !hint
    await ensureFolder(dirname(target), confirm)
    const work = async (draft: string) => {
      const fill = (file: FileHandle) => file.writeFile(value, { signal })
      await fillDraft(draft, fill, { mode: newFile, isKept })
      return give(draft, locateUnder(path, fence))
    }
    return throughDraft(target, work, { isKept })
  }

  async function remove(path: string, { signal, fence }: Call = {}): Promise<void> {
    signal?.throwIfAborted()
    await rm(locateUnder(path, fence), { recursive: true, force: true })
    await absentIfMissing(flushFolder(dirname(locate(path))))
  }

  return {
    async stat(path, { signal } = {}) {
      signal?.throwIfAborted()
      const found = await absentIfMissing(stat(locate(path)))
      return found?.isFile() ? { size: found.size, changedAt: found.mtime } : undefined
    },

    async get(path, { signal } = {}) {
      return absentIfMissing(readFile(locate(path), { signal }))
    },

    async read(path, { range, signal } = {}) {
      signal?.throwIfAborted()
      const file = await absentIfMissing(open(locate(path), 'r'))
      return file && readFrom(file, { range, signal })
    },

    async open(path, { signal } = {}) {
      signal?.throwIfAborted()
      const file = await absentIfMissing(open(locate(path), 'r'))
      return file && openedFrom(file, { signal })
    },

    async put(path, value, call) {
      await write(path, value, { ...call, give: replaceBy })
    },

    async getVersioned(path, call) {
      const bytes = await absentIfMissing(readFile(locate(path), { signal: call?.signal }))
      return bytes && { bytes, version: versionOf(bytes) }
    },

    replace(path, value, { over, ...call }) {
      return write(path, value, { ...call, give: giveOver(over) })
    },

    async append(path, source, call) {
      await ensureFolder(dirname(locate(path)), confirm)
      return appendTo(locateUnder(path, call.fence), source, call)
    },

    async move(from, to, { signal, fence } = {}) {
      signal?.throwIfAborted()
      const target = locate(to)
      await ensureFolder(dirname(target), confirm)
      await rename(locateUnder(from, fence), target)
      // The old name may outlive a crash, which does no harm; the new one may not be lost.
      await flushFolder(dirname(target))
    },

    async *list(folder, { after = '', signal } = {}) {
      signal?.throwIfAborted()
      const found = (await absentIfMissing(readdir(locate(folder), { withFileTypes: true }))) ?? []
      const entries = found
        .filter((entry) => entry.name > after)
        .filter((entry) => entry.isDirectory() || !entry.name.endsWith(draftSuffix))
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      yield* entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    },

    remove,

    async removeVersion(path, { version, signal, fence }) {
      signal?.throwIfAborted()
      const isExpected = await isVersion(locateUnder(path, fence), version)
      if (isExpected) await remove(path, { signal, fence })
      return isExpected
    },

    async detach(path, { signal, fence } = {}) {
      signal?.throwIfAborted()
      const target = locate(path)
      await throughDraft(target, async (draft) => {
        const isThere = await absentIfMissing(copyFile(target, draft, clone).then(() => true))
        if (!isThere) return false
        await flushFile(draft)
        await rename(draft, locateUnder(path, fence))
        return true
      })
    },

    async close() {},
  }
}

/** No path of ours ends as a draft does, so readers skip those. `give` gives a draft its name, and answers whether it did. */
type Writing = Call & {
  hint?: boolean
  give: Give
}

async function replaceBy(draft: string, target: string): Promise<true> {
  await rename(draft, target)
  return true
}
