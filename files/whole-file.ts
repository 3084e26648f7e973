/**
 * Writes a file that several processes want to create, so that exactly one does: whole, flushed to the
 * disk, and readable by its owner alone from the first byte on. That is the owner of its folder, as
 * far as the process may give files away: root makes files that a server without rights has to read.
 */
import { randomUUID } from 'node:crypto'
import { type FileHandle, link, mkdir, open, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Ends the name of a file that is not finished; readers of a folder skip it. */
const draftSuffix = '.tmp'

/** False when `path` is there already; then it is left as it is. */
export async function createWhole(path: string, text: string): Promise<boolean> {
  const folder = dirname(path)
  const draft = `${path}.${randomUUID()}${draftSuffix}`
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    const file = await open(draft, 'wx', 0o600)
    try {
      await giveTo(folder, file)
      await file.writeFile(text)
      await file.sync()
    } finally {
      await file.close()
    }
    // Unlike a rename, a link never replaces what another process has put there.
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    await rm(draft, { force: true })
  }
  await flushFolder(folder)
  return true
}

async function giveTo(folder: string, file: FileHandle): Promise<void> {
  const { uid, gid } = await stat(folder)
  await file.chown(uid, gid).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPERM') throw error
  })
}

/** False when there was nothing to remove. */
export async function removeWhole(path: string): Promise<boolean> {
  try {
    await rm(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  await flushFolder(dirname(path))
  return true
}

async function flushFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
