/** A mark of a folder whose files come, are replaced and go, for files/watch.ts: no file of it is read. */
import { open } from 'node:fs/promises'

/** File systems count time in steps; what changed this recently may change again within one. */
const unsettledMs = 1000

/** Another one at each call for as long as a change within the same step could be missed. */
export async function folderMark(path: string): Promise<string> {
  // On a shared volume a machine may have an old answer to stat; opening asks the server.
  const opened = await open(path)
  const { ino, size, mtimeMs, mtimeNs, ctimeNs } = await opened
    .stat({ bigint: true })
    .finally(() => opened.close())
  const mark = [ino, size, mtimeNs, ctimeNs].join()
  const isYoung = Date.now() - Number(mtimeMs) <= unsettledMs
  return isYoung ? `${mark} at ${performance.now()}` : mark
}
