/**
 * Replaces the text of a htpasswd file whole: readers see the old text or the new one, and a crash leaves
 * one of them. Mode and owner stay. Of two that change it at the same time, one is turned away.
 */
import {
  type FileHandle,
  mkdir,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { decodeHtpasswd } from './htpasswd-text.ts'

/** A file that is not there is empty before, and afterwards only its owner can read it. */
export async function replaceText(path: string, change: (text: string) => string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  // Where the path is a link, what it points to is replaced.
  const target = await realpath(path).catch(orMissing(path))
  const draft = join(dirname(target), `.${basename(target)}.draft`)
  const file = await openDraft(draft)
  try {
    const bytes = await readFile(target).catch(orMissing(Buffer.alloc(0)))
    await file.writeFile(change(decodeHtpasswd(bytes).text))
    await keepOwner(target, file)
    await file.sync()
    await file.close()
    await rename(draft, target).catch(explainRename(target))
    await flushFolder(dirname(target))
  } catch (error) {
    await file.close().catch(() => {})
    await rm(draft, { force: true })
    throw error
  }
}

/** The draft is the lock too: it can be made only once. */
async function openDraft(draft: string): Promise<FileHandle> {
  try {
    return await open(draft, 'wx', 0o600)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    throw new Error(`another change is being made; if it is not, remove ${draft}`)
  }
}

async function keepOwner(path: string, file: FileHandle) {
  const before = await stat(path).catch(orMissing(undefined))
  // A new file belongs to whom the folder does: root makes some that a server has to read.
  const { uid, gid } = before ?? (await stat(dirname(path)))
  // Only root may give a file away. Who may not is the new owner, as with any editor.
  await file.chown(uid, gid).catch((error) => {
    if (codeOf(error) !== 'EPERM') throw error
  })
  if (before) await file.chmod(before.mode & 0o777)
}

async function flushFolder(path: string) {
  const folder = await open(path)
  await folder.sync().finally(() => folder.close())
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
