/** The files that are flushed while something is done, in order, and whether each had its name by then. */
import { existsSync, readlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname } from 'node:path'

/** `draft` and `folder`, of the file at `path`. */
export async function flushesOf(path: string, work: () => Promise<unknown>): Promise<string[]> {
  const some = await open('/dev/null')
  await some.close()
  const handles: FileHandle = Object.getPrototypeOf(some)
  const sync = handles.sync
  const seen: string[] = []
  handles.sync = function () {
    const flushed = readlinkSync(`/proc/self/fd/${this.fd}`)
    const what = flushed === dirname(path) ? 'folder' : draftOr(flushed, path)
    seen.push(`${what} ${existsSync(path) ? 'after' : 'before'}`)
    return sync.call(this)
  }
  await work().finally(() => {
    handles.sync = sync
  })
  return seen
}

const draftOr = (flushed: string, path: string) =>
  flushed !== path && basename(flushed).includes(basename(path)) ? 'draft' : flushed
