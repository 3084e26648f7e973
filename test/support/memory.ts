/** A folder in memory where there is room: what a disk keeps is not the question of most tests, and takes its time. */
import { mkdtemp, readFile, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cleanup } from './cleanup.ts'

const memory = '/dev/shm'

/** On the disk where there are not `size` bytes left, or where no program may be run. Goes at the end. */
export async function folderInMemory(cleanup: Cleanup, size: number): Promise<string> {
  const { bavail, bsize } = await statfs(memory).catch(() => ({ bavail: 0, bsize: 0 }))
  if (bavail * bsize < size || (await mayRunNothing())) return cleanup.folder()
  const root = await mkdtemp(join(memory, 'kura-test-'))
  cleanup.add(() => rm(root, { recursive: true, force: true }))
  return root
}

async function mayRunNothing(): Promise<boolean> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '')
  return new RegExp(`^\\S+ ${memory} .*\\bnoexec\\b`, 'm').test(mounts)
}
