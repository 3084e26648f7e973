/** Says who may not use a file or a folder, whose it is, and the line that mends it. */
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, resolve } from 'node:path'

const needs = {
  read: { right: constants.R_OK, words: 'read' },
  write: { right: constants.W_OK | constants.X_OK, words: 'write to' },
  enter: { right: constants.X_OK, words: 'enter' },
}

/** The user that the image of kura runs as, where nothing else is said. */
const userOfImage = 65532

/**
 * For messages of EACCES and EPERM. Names the part of the path that is closed, which may be a folder far
 * above it: `/certs/server.key may not be read: this user is 65532 (kura), and the file belongs to 0
 * (root) with mode 600; "chown 65532 /certs/server.key" mends that`.
 */
export function explainPermission(path: string, wanted: 'read' | 'write'): string {
  const closed = findClosed(resolve(path), wanted)
  const found = attempt(() => statSync(closed.path))
  const uid = process.getuid?.()
  if (!found || uid === undefined) return `may not be used: this user lacks the permission`

  const what = found.isDirectory() ? 'the folder' : 'the file'
  const named = closed.path === resolve(path) ? what : `${what} ${closed.path}`
  const mode = (found.mode & 0o7777).toString(8)
  const whose = `${named} belongs to ${nameOf(found.uid)} with mode ${mode}`
  // In an image the user may also be chosen, and files of others are best left as they are.
  const root = uid === userOfImage ? ', and so does KURA_USER=0:0 for a container' : ''
  const mends = `"chown ${uid} ${closed.path}" mends that${root}`
  const { words } = needs[closed.need]
  return `this user, ${nameOf(uid)}, may not ${words} it: ${whose}; ${mends}`
}

/** The message of an error. Where it quotes that the system refused a file, that is explained. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  let message = error.message
  for (let it: unknown = error; it instanceof Error; it = it.cause) {
    const { code = '', path, syscall = '' } = it as NodeJS.ErrnoException
    if (!refusals.has(code) || path === undefined) continue
    const wanted = writing.has(syscall) ? 'write' : 'read'
    message = message.replace(it.message, () => `${path}: ${explainPermission(path, wanted)}`)
  }
  return message
}

const refusals = new Set(['EACCES', 'EPERM'])
const writing = new Set(['mkdir', 'mkdtemp', 'rename', 'link', 'unlink', 'rm', 'rmdir', 'chown'])

type Closed = { path: string; need: keyof typeof needs }

/** From the top down, since nobody gets past the first folder that is closed. */
function findClosed(path: string, wanted: 'read' | 'write'): Closed {
  const above = dirname(path)
  if (above !== path) {
    const closed = findClosed(above, 'read')
    if (closed.need === 'enter') return closed
  }
  if (isFolder(path) && !may(path, 'enter')) return { path, need: 'enter' }
  // A file that is not there yet would be made in its folder.
  if (wanted === 'write' && !exists(path)) return { path: above, need: 'write' }
  return { path, need: wanted }
}

const exists = (path: string) => attempt(() => statSync(path)) !== undefined
const isFolder = (path: string) => attempt(() => statSync(path))?.isDirectory() === true

function may(path: string, need: keyof typeof needs): boolean {
  return attempt(() => accessSync(path, needs[need].right) ?? true) !== undefined
}

/** `0 (root)`; a number alone where the user has no name here, as is usual in containers. */
function nameOf(uid: number): string {
  const own = uid === process.getuid?.() ? attempt(() => userInfo().username) : undefined
  const name = own ?? namesOfUsers().get(uid)
  return name ? `${uid} (${name})` : `${uid}`
}

function namesOfUsers(): Map<number, string> {
  const text = attempt(() => readFileSync('/etc/passwd', 'utf8')) ?? ''
  const rows = text.split('\n').map((line) => line.split(':'))
  return new Map(rows.reverse().map(([name = '', , uid = '']) => [Number(uid), name]))
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
