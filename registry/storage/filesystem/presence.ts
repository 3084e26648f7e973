/**
 * Tells a value that is not there from a folder that is not there any more: a disk that was unmounted, a
 * volume that was taken away, a folder that somebody removed or moved. Content that is merely out of
 * reach must not be called unknown, nor may a push make a second registry in its place.
 */
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isFull } from '../../../files/full.ts'

/** Every registry's folder has this, from before its first push to its last delete. */
const heart = 'docker/registry/v2'

export type Presence = {
  /** Throws an error with the code EVANISHED, of which clients hear 503. */
  confirm(): Promise<void>
}

/** Makes what shows that the folder is a registry's, unless there is no room even for that. */
export async function openPresence(root: string, { readOnly = false } = {}): Promise<Presence> {
  const path = join(root, heart)
  if (!readOnly) await mkdir(path, { recursive: true }).catch(unlessFull)
  if (!(await exists(path))) return { confirm: async () => {} }

  return {
    async confirm() {
      if (await exists(path)) return
      throw Object.assign(
        new Error(
          `the data folder ${root} is gone, or is another than it was: ${path} is not there any more; mount it again, no restart is needed`,
        ),
        { code: 'EVANISHED' },
      )
    },
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return false
      throw error
    },
  )
}

function unlessFull(error: unknown): void {
  if (!isFull(error)) throw error
}
