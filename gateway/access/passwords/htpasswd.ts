/**
 * The users of a htpasswd file, as the file is now: it is read again when its content changes,
 * however that came about. When it cannot be read, the last good users stay.
 */
import { hash } from 'node:crypto'
import { access } from 'node:fs/promises'
import type { Logger } from 'pino'
import { readAtMost } from '../../../files/bounded.ts'
import { explainPermission } from '../../../files/permission.ts'
import { editMs, watch } from '../../../files/watch.ts'
import { defaultCost } from './bcrypt-limits.ts'
import { createHtpasswd } from './htpasswd-create.ts'
import { costOf, type ParsedHtpasswd, parseHtpasswd } from './htpasswd-lines.ts'
import { decodeHtpasswd, type Encoding } from './htpasswd-text.ts'

export type Htpasswd = Awaited<ReturnType<typeof openHtpasswd>>

export type HtpasswdOptions = {
  path: string
  log: Logger
  /** How the command is called that adds a user. */
  kura?: string
  /** How often the file is looked at. */
  pollMs?: number
}

/** Beside the path in each line of the log. */
export const setting = 'auth.htpasswd.path (REGISTRY_AUTH_HTPASSWD_PATH)'

const otherThanUtf8 = (encoding: Encoding) =>
  `the htpasswd file is ${encoding}, as PowerShell writes it: it is read, but registry:2 could not, so save it as UTF-8`
const nobody = 'nobody can log in: no line of the htpasswd file has a user'

/** A hundred thousand users have less. */
const mostBytes = 16 * 1024 * 1024

/** Makes the file when there is none. Rejects with a sentence for the operator. */
export async function openHtpasswd(options: HtpasswdOptions) {
  const { path, log, kura = 'kura', pollMs = 2_000 } = options
  let failure: string | undefined
  const watched = watch<ParsedHtpasswd>({
    look,
    settleMs: editMs,
    report(error) {
      failure = explainUnreadable(error, path)
      log.error({ path, setting }, `${failure}; its last users stay`)
    },
    onRecovery: tellReadable,
    onChange(found) {
      tellReadable()
      ;({ users, unusable } = found)
      dearestCost = dearestCostOf(users.values())
      log.info({ path, users: users.size }, 'the htpasswd file changed and was read again')
    },
  })
  await makeIfMissing(path, log)
  let { users, unusable } = await watched.check().catch((cause) => explainStart(path, cause))
  let dearestCost = dearestCostOf(users.values())
  watched.poll(pollMs)

  return {
    /** The hash of a user who can log in. */
    find: (name: string): string | undefined => users.get(name),
    /** Of what kind the hash of a user is who cannot log in for it. */
    unusable: (name: string): string | undefined => unusable.get(name),
    /** The highest cost of all hashes in the file. */
    dearestCost: (): number => dearestCost,
    close: () => void watched.close(),
  }

  async function look() {
    const bytes = await readAtMost(path, mostBytes)
    return { mark: hash('sha256', bytes), make: () => parse(bytes) }
  }

  function tellReadable() {
    if (failure) log.info({ path, setting }, 'the htpasswd file can be read again')
    failure = undefined
  }

  function parse(bytes: Buffer): ParsedHtpasswd {
    const { text, encoding } = decodeHtpasswd(bytes)
    const parsed = parseHtpasswd(text)
    const warnings = [
      ...(encoding === 'UTF-8' ? [] : [otherThanUtf8(encoding)]),
      ...parsed.warnings,
      ...(parsed.users.size === 0 ? [`${nobody}; ${kura} user add adds one`] : []),
    ]
    for (const warning of warnings) log.warn({ path, setting }, warning)
    return parsed
  }
}

async function makeIfMissing(path: string, log: Logger): Promise<void> {
  try {
    await access(path).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') await createHtpasswd(path, log.child({ setting }))
    })
  } catch (cause) {
    explainStart(path, cause)
  }
}

function explainStart(path: string, cause: unknown): never {
  throw new Error(`auth.htpasswd.path: ${path}: ${explainUnreadable(cause, path)}`, { cause })
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'this is a folder, not a file',
  EROFS: 'there is no such file, and none can be made on a read-only file system',
}

export function explainUnreadable(error: unknown, path: string): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM') return explainPermission(path, 'read')
  return reasons[code ?? ''] ?? message
}

function dearestCostOf(hashes: Iterable<string>): number {
  let dearest = 0
  for (const hash of hashes) dearest = Math.max(dearest, costOf(hash))
  return dearest || defaultCost
}
