/** When anything below a folder was last written. */
import type { ReadableStorage } from '../storage/fenced.ts'

/** Undefined when there is no file in it. */
export async function lastChange(
  storage: ReadableStorage,
  folder: string,
): Promise<Date | undefined> {
  let last: Date | undefined
  for await (const { name, isFolder } of storage.list(folder)) {
    const path = `${folder}/${name}`
    const changed = isFolder
      ? await lastChange(storage, path)
      : (await storage.stat(path))?.changedAt
    if (changed && (!last || changed > last)) last = changed
  }
  return last
}
