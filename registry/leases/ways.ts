/**
 * Ways into a storage that is a folder: symbolic links to its root, one for each claim to a lease. A
 * path that leads through a way exists for as long as the way does, and to remove a link is one step.
 */
import { lstat, mkdir, readdir, rm, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isFull } from '../../files/full.ts'

/** Below the root. */
const place = 'kura/ways'

export type Ways = NonNullable<Awaited<ReturnType<typeof openWays>>>

/** Undefined on a file system that has no symbolic links. Rejects where there is no room for one. */
export async function openWays(root: string) {
  const folder = join(root, place)
  const pathOf = (name: string) => join(folder, name)
  const make = (name: string) => symlink(resolve(root), pathOf(name))
  const remove = (name: string) => rm(pathOf(name), { force: true })
  const trial = `trial.${process.pid}.${Date.now()}`
  try {
    await mkdir(folder, { recursive: true })
    await make(trial)
    await remove(trial)
  } catch (error) {
    if (isFull(error)) throw error
    return undefined
  }

  return {
    make,
    remove,
    /** Rejects with ENOENT where the way is gone. */
    confirm: (name: string) => lstat(pathOf(name)),
    /** The way of a claim, as a path below the root. */
    of: (name: string) => `${place}/${name}`,
    /** Removes those that a crash has left without a claim. */
    async clear(isLeft: (name: string) => boolean): Promise<void> {
      const names = await readdir(folder)
      await Promise.all(names.filter(isLeft).map(remove))
    },
  }
}
