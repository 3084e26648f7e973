/**
 * Writes a file that several processes want to create, so that exactly one does: whole, and on disk.
 */
import { access, type FileHandle, link, mkdir, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fillDraft, giveTo, throughDraft } from './draft.ts'
import { flushFolder } from './flush.ts'

/** False when `path` is there already; then it is left as it is, and nothing is made. */
export async function createFile(
  path: string,
  make: () => string | Promise<string>,
  mode: number,
): Promise<boolean> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  if (isThere) return false
  const text = await make()
  return throughDraft(path, async (draft) => {
    await fillDraft(draft, (file) => file.writeFile(text), { mode })
    return linkNew(draft, path)
  })
}

/**
 * The same for its owner alone, in a folder that is made where there is none. The owner is that of the
 * folder, as far as the process may give files away: root makes files that a server without rights has
 * to read.
 */
export async function createPrivateFile(path: string, text: string): Promise<boolean> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return throughDraft(path, async (draft) => {
    const fill = async (file: FileHandle) => {
      await giveTo(file, await stat(folder))
      await file.writeFile(text)
    }
    await fillDraft(draft, fill, { mode: 0o600 })
    return linkNew(draft, path)
  })
}

/** False when there was nothing to remove. */
export async function removeFile(path: string): Promise<boolean> {
  try {
    await rm(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  await flushFolder(dirname(path))
  return true
}

/** Gives a draft a name that is free. Unlike a rename, a link replaces nothing that is there. */
export async function linkNew(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
  await rm(draft, { force: true })
  return true
}
