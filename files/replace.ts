/** Replaces a file whole: readers see the old text or the new one, and a crash leaves one of them. */
import { type FileHandle, mkdir, open, readFile, realpath, rename, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fillDraft, giveTo, throughDraft } from './draft.ts'

export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  await throughDraft(path, async (draft) => {
    await fillDraft(draft, (file) => file.writeFile(text), { mode })
    await rename(draft, path)
    return true
  })
}

/**
 * Makes the new text of the bytes that are there. Mode and owner stay. Of two that change it at the same
 * time, one is turned away. A file that is not there is empty before, and only its owner can read it.
 */
export async function changeFile(path: string, change: (bytes: Buffer) => string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // Where the path is a link, what it points to is replaced.
  const target = await realpath(path).catch(orMissing(path))
  const draft = join(dirname(target), `.${basename(target)}.draft`)
  const file = await openLock(draft)
  const write = async () => {
    try {
      const bytes = await readFile(target).catch(orMissing(Buffer.alloc(0)))
      await file.writeFile(change(bytes))
      await keepOwner(target, file)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, target).catch(explainRename(target))
    return true
  }
  await throughDraft(target, write, { draft })
}

/** The draft is the lock too: it can be made only once. */
async function openLock(draft: string): Promise<FileHandle> {
  try {
    return await open(draft, 'wx', 0o600)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    throw new Error(`another change is being made; if it is not, remove ${draft}`)
  }
}

/** A new file belongs to the owner of its folder: root makes some that a server has to read. */
async function keepOwner(path: string, file: FileHandle) {
  const before = await stat(path).catch(orMissing(undefined))
  await giveTo(file, before ?? (await stat(dirname(path))))
  if (before) await file.chmod(before.mode & 0o777)
}

function explainRename(path: string) {
  return (error: unknown): never => {
    if (codeOf(error) !== 'EBUSY') throw error
    throw new Error(`${path} is mounted by itself and cannot be replaced: change it where it lies`)
  }
}

function orMissing<T>(value: T) {
  return (error: unknown): T => {
    if (codeOf(error) === 'ENOENT') return value
    throw error
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
