/**
 * Looks at the data folder before anything is served from it: it must be one we may write to, and
 * either empty or a registry's. Each fault is told with the setting that changes it.
 */
import { mkdir, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isFull } from '../../../files/full.ts'
import { explainPermission } from '../../../files/permission.ts'

/**
 * The entries of a registry's folder, here or in registry:2. `kura` holds our leases; people put the others
 * beside the images before there are any.
 */
const ours = new Set([
  'docker',
  'kura',
  'scheduler-state.json',
  'lost+found',
  'certs',
  'auth',
  'policies',
])

const setting = 'set storage.filesystem.rootdirectory (REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY)'

const reasons: Record<string, string> = {
  EROFS: 'it is on a read-only file system',
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'a part of the path is a file',
}

/** Creates the folder if need be. Throws an error that names the folder, the fault and the setting. */
export async function checkFolder(
  root: string,
  { readOnly = false } = {},
  warn: (message: string) => void = () => {},
): Promise<void> {
  const foreign = await usable(root, async () => {
    await mkdir(root, { recursive: true })
    if (!readOnly) await tryToWrite(root).catch((error) => warnIfFull(error, { root, warn }))
    const names = await readdir(root)
    return names.includes('docker') ? [] : names.filter((name) => !isOurs(name))
  })
  if (foreign.length === 0) return
  const some = foreign.slice(0, 3).join(', ')
  throw new Error(
    `the data folder ${root} is not empty and holds no registry (found ${some}): ${setting} to an empty folder or one of registry:2 or :3`,
  )
}

function isOurs(name: string): boolean {
  return ours.has(name) || name.startsWith('.')
}

/** On a full disk the content is served all the same, and deletes make room. */
function warnIfFull(error: unknown, { root, warn }: Warning): void {
  if (!isFull(error)) throw error
  warn(`the disk of the data folder ${root} is full: pulls go on, pushes are refused with 507`)
}

type Warning = { root: string; warn: (message: string) => void }

async function tryToWrite(root: string): Promise<void> {
  const probe = join(root, `.kura-probe-${process.pid}`)
  const file = await open(probe, 'w')
  try {
    await file.writeFile('kura')
    await file.datasync()
  } finally {
    await file.close()
    await rm(probe, { force: true })
  }
}

async function usable<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException
    const isClosed = code === 'EACCES' || code === 'EPERM'
    const why = isClosed ? explainPermission(root, 'write') : (reasons[code] ?? message)
    throw new Error(`the data folder ${root} cannot be used: ${why}; ${setting} to another`, {
      cause,
    })
  }
}
