/** On disk, also after a loss of power: the bytes of a file by itself, its name by its folder. */
import { open } from 'node:fs/promises'

export async function flushFile(path: string): Promise<void> {
  const file = await open(path, 'r')
  await file.sync().finally(() => file.close())
}

/** A name that was made, changed or removed is safe only once its folder is flushed. */
export async function flushFolder(folder: string): Promise<void> {
  await flushFile(folder)
}
