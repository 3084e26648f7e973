/**
 * Removing a file, or a folder and all below it, while others may put something into that folder. The
 * files of the beginning are removed. A file that comes meanwhile may stay, and then its folder stays as well:
 * it is listed, and the next removal finds it.
 *
 * Node's `rm` fails with ENOTEMPTY there. Tried again, it would remove later files too, and on NFS it would
 * fail each time: a file that is being read stays in its folder under another name until it is closed.
 */
import { readdir, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { flushFolder } from '../../../files/flush.ts'
import { fewAtOnce } from '../../pace/few-at-once.ts'
import { hasCode, nothingThere, unlessCode } from './absent.ts'

/** Answers of systems that are asked to remove a folder as a file. */
const mayBeFolder = ['EISDIR', 'EPERM']
const notEmpty = ['ENOTEMPTY', 'EEXIST', 'EBUSY']
/** Removed already, or on NFS the other name of a removed file that is still being read. */
const goneOrRead = [...nothingThere, 'EBUSY']

/** Removing a file that is not there succeeds. */
export async function removeTree(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    if (hasCode(error, goneOrRead)) return
    if (!hasCode(error, mayBeFolder)) throw error
    await removeFolder(path, error)
  }
}

async function removeFolder(path: string, asFile: unknown): Promise<void> {
  const names = await readdir(path).catch((error) => {
    if (hasCode(error, ['ENOTDIR'])) throw asFile
    if (hasCode(error, nothingThere)) return []
    throw error
  })
  for await (const _ of fewAtOnce(names, (name) => removeTree(join(path, name))));
  try {
    await unlessCode(nothingThere, rmdir(path))
  } catch (error) {
    if (!hasCode(error, notEmpty)) throw error
    // The folder stays, so what was removed from it has to be on disk by itself.
    await unlessCode(nothingThere, flushFolder(path))
  }
}
