/** Storage in a folder of this machine, laid out and written as safely as a file system allows. */
import { constants } from 'node:fs'
import { copyFile, type FileHandle, open, readdir, readFile, rename, stat } from 'node:fs/promises'
import { draftSuffix, fillDraft, throughDraft } from '../../../files/draft.ts'
import { flushFile } from '../../../files/flush.ts'
import type { Call, StorageDriver } from '../driver.ts'
import type { ChangeableStorage, ReadableStorage } from '../fenced.ts'
import { hasCode, nothingThere } from './absent.ts'
import { appendTo, openToAppend } from './append.ts'
import { createPlace, type Place } from './place.ts'
import { openedFrom, readFrom } from './read.ts'
import { removeTree } from './remove.ts'
import { type Give, giveOver, isVersion, versionOf } from './versions.ts'

const newFile = 0o666
/** Where the file system can, without copying a byte. */
const clone = constants.COPYFILE_FICLONE

export function createFilesystemDriver(options: Parameters<typeof createPlace>[0]): StorageDriver {
  const place = createPlace(options)
  return { ...readsOf(place), ...changesOf(place), async close() {} }
}

function readsOf({ locate, absentIfMissing }: Place): ReadableStorage {
  return {
    async stat(path, { signal } = {}) {
      signal?.throwIfAborted()
      const found = await absentIfMissing(stat(locate(path)))
      return found?.isFile() ? { size: found.size, changedAt: found.mtime } : undefined
    },

    async get(path, { signal } = {}) {
      return absentIfMissing(readFile(locate(path), { signal }))
    },

    async getVersioned(path, call) {
      const bytes = await absentIfMissing(readFile(locate(path), { signal: call?.signal }))
      return bytes && { bytes, version: versionOf(bytes) }
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

    async *list(folder, { after = '', signal } = {}) {
      signal?.throwIfAborted()
      const found = (await absentIfMissing(readdir(locate(folder), { withFileTypes: true }))) ?? []
      const entries = found
        .filter((entry) => entry.name > after)
        .filter((entry) => entry.isDirectory() || !entry.name.endsWith(draftSuffix))
        .map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }))
      yield* entries.sort((a, b) => (a.name < b.name ? -1 : 1))
    },
  }
}

function changesOf(place: Place): ChangeableStorage {
  const { locate, locateUnder, absentIfMissing, inFolderOf, flushName } = place
  return {
    async put(path, value, call) {
      await write(place, path, { ...call, value, give: replaceBy })
    },

    replace(path, value, { over, ...call }) {
      return write(place, path, { ...call, value, give: giveOver(over) })
    },

    async append(path, source, { at, signal, fence }) {
      const target = locate(path)
      const file = await inFolderOf(target, () => openToAppend(locateUnder(path, fence), at))
      return appendTo(file, source, { at, signal, fence, flushName: () => flushName(target) })
    },

    async move(from, to, { signal, fence } = {}) {
      signal?.throwIfAborted()
      const target = locate(to)
      await inFolderOf(target, () => rename(locateUnder(from, fence), target))
      // The old name may outlive a crash, which does no harm; the new one may not be lost.
      await flushName(target)
    },

    remove: (path, call) => remove(place, path, call),

    async removeVersion(path, { version, signal, fence }) {
      signal?.throwIfAborted()
      const isExpected = await isVersion(locateUnder(path, fence), version)
      if (isExpected) await remove(place, path, { signal, fence })
      return isExpected
    },

    async detach(path, { signal, fence } = {}) {
      signal?.throwIfAborted()
      const target = locate(path)
      const work = async (draft: string) => {
        await copyFile(target, draft, clone)
        await flushFile(draft)
        await rename(draft, locateUnder(path, fence))
        return true
      }
      await throughDraft(target, work).catch(async (error) => {
        // Only a value that is not there, or was removed meanwhile, needs no copy.
        const isMissing = hasCode(error, nothingThere)
        if (!isMissing || (await absentIfMissing(stat(target)))) throw error
      })
    },
  }
}

/** `give` gives a draft the name of the file, and answers whether it did. */
type Writing = Call & { value: Uint8Array; hint?: boolean; give: Give }

/** No path of ours ends as a draft does, so readers skip those. */
async function write(place: Place, path: string, writing: Writing): Promise<boolean> {
  const { value, signal, fence, hint = false, give } = writing
  const target = place.locate(path)
  const isKept = !hint
  const work = async (draft: string) => {
    const fill = (file: FileHandle) => file.writeFile(value, { signal })
    await fillDraft(draft, fill, { mode: newFile, isKept })
    return give(draft, place.locateUnder(path, fence))
  }
  return place.inFolderOf(target, () => throughDraft(target, work, { isKept }))
}

async function remove(place: Place, path: string, { signal, fence }: Call = {}): Promise<void> {
  signal?.throwIfAborted()
  await removeTree(place.locateUnder(path, fence))
  await place.flushName(place.locate(path))
}

async function replaceBy(draft: string, target: string): Promise<true> {
  await rename(draft, target)
  return true
}
