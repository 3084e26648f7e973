/** Storage in a folder of this machine, laid out and written as safely as a file system allows. */
import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Call, Fence, StorageDriver } from '../driver.ts'
import { appendTo } from './append.ts'
import { ensureFolder, flushFile, flushFolder } from './folders.ts'
import type { Presence } from './presence.ts'
import { readFrom } from './read.ts'
import { type Give, giveOver, isVersion, versionOf } from './versions.ts'

/** A draft that a crash left behind; no path of ours ends like this, so readers skip it. */
const draftSuffix = '.tmp'

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

  /*
   * Draft, flush, rename, flush the folder: the order that makes a crash at any line leave the
   * old value or the new one. No draft is left on any way out.
   */
  async function write(path: string, value: Uint8Array, call: Writing): Promise<boolean> {
    const { signal, fence, hint = false, give } = call
    const target = locate(path)
    const draft = `${target}.${randomUUID()}${draftSuffix}`
    await ensureFolder(dirname(target), confirm)
    try {
      const file = await open(draft, 'wx', newFile)
      try {
        await file.writeFile(value, { signal })
        if (!hint) await file.datasync()
      } finally {
        await file.close()
      }
      if (!(await give(draft, locateUnder(path, fence)))) return false
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
    if (!hint) await flushFolder(dirname(target))
    return true
  }

  async function remove(path: string, { signal, fence }: Call = {}): Promise<void> {
    signal?.throwIfAborted()
    await rm(locateUnder(path, fence), { recursive: true, force: true })
    await absentIfMissing(flushFolder(dirname(locate(path))))
  }

  return {
    name: 'filesystem',

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
      const draft = `${target}.${randomUUID()}${draftSuffix}`
      try {
        const isThere = await absentIfMissing(copyFile(target, draft, clone).then(() => true))
        if (!isThere) return
        await flushFile(draft)
        await rename(draft, locateUnder(path, fence))
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
      await flushFolder(dirname(target))
    },

    async close() {},
  }
}

/** `give` gives a draft its name, and answers whether it did. */
type Writing = Call & {
  hint?: boolean
  give: Give
}

async function replaceBy(draft: string, target: string): Promise<true> {
  await rename(draft, target)
  return true
}
