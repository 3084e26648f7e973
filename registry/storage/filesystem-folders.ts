/** Folders that survive the loss of power: a new name is safe only once its folder is flushed. */
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes `folder` and whatever is missing above it, and flushes the names this adds. */
export async function ensureFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return

  const changed = [dirname(first)]
  for (let added = dirname(folder); added.length >= first.length; added = dirname(added)) {
    changed.push(added)
  }
  await Promise.all(changed.map(flushFolder))
}

export async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
