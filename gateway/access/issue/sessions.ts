/**
 * The sessions of people: one for each refresh token that was given out. Each is a file of its own,
 * which holds no secret and is gone when the session is ended or its time is over.
 */
import { hash, randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { createPrivateFile, removeFile } from '../../../files/create.ts'

const session = z.object({
  user: z.string().min(1),
  /** The name that the client gave, such as `docker`, and its address. */
  client: z.string(),
  address: z.string(),
  startedAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
  /** Of the credential that its tokens are tied to. */
  fingerprint: z.string(),
})
export type Session = z.infer<typeof session>
export type NewSession = Omit<Session, 'startedAt' | 'expiresAt'>

/** The name of a session; all of it stands in its refresh token. */
export type SessionKey = { user: string; id: string; endsAt: number }

type Options = {
  folder: string
  report: (error: unknown) => void
  /** Of one user. With one more, the oldest ends. */
  most?: number
}

export type Sessions = ReturnType<typeof createSessions>

/** The folder is made with the first session. Any number of processes may have it open. */
export function createSessions({ folder, report, most = 100 }: Options) {
  const pathOf = (name: string) => join(folder, name)

  return {
    /** On disk when it resolves. `endsAt` is in seconds since 1970. */
    async begin(wanted: NewSession, endsAt: number): Promise<SessionKey> {
      const key = { user: wanted.user, id: randomUUID(), endsAt }
      const startedAt = new Date().toISOString()
      const expiresAt = new Date(endsAt * 1000).toISOString()
      const it = session.parse({ ...wanted, startedAt, expiresAt })
      await makeRoom(wanted.user)
      await createPrivateFile(pathOf(fileOf(key)), `${JSON.stringify(it, undefined, 2)}\n`)
      return key
    },

    /** Asks the disk, since a session is looked at far less often than its access tokens are. */
    async isThere(key: SessionKey): Promise<boolean> {
      return (await read(fileOf(key))) !== undefined
    },

    /** Those that are not over, the oldest first. */
    async list(): Promise<Session[]> {
      const found = await Promise.all((await namesIn(folder)).filter(isGood).map(read))
      return found
        .filter((it) => it !== undefined)
        .sort((one, other) => (one.startedAt < other.startedAt ? -1 : 1))
    },

    /** Ends all of a user's, and answers how many there were. */
    async endAll(user: string): Promise<number> {
      const theirs = (await namesIn(folder)).filter((it) => it.userDigest === digestOf(user))
      const removed = await Promise.all(theirs.map(({ name }) => removeFile(pathOf(name))))
      return removed.filter(Boolean).length
    },
  }

  /** Removes sessions that are over, and the oldest ones of a user that has too many. */
  async function makeRoom(user: string): Promise<void> {
    const all = await namesIn(folder)
    const theirs = all.filter((it) => isGood(it) && it.userDigest === digestOf(user))
    const oldest = theirs.sort((one, other) => other.endsAt - one.endsAt).slice(most - 1)
    const over = [...all.filter((it) => !isGood(it)), ...oldest]
    await Promise.all(over.map(({ name }) => removeFile(pathOf(name))))
  }

  async function read(file: string | { name: string }): Promise<Session | undefined> {
    const path = pathOf(typeof file === 'string' ? file : file.name)
    try {
      return session.parse(JSON.parse(await readFile(path, 'utf8')))
    } catch (cause) {
      const isGone = (cause as NodeJS.ErrnoException).code === 'ENOENT'
      if (!isGone) report(new Error(`${path} is not the file of a session`, { cause }))
      return undefined
    }
  }
}

type Named = { name: string; endsAt: number; userDigest: string }

/** The name tells when it is over and whose it is, so that a folder is tidied without reading files. */
const fileOf = ({ user, id, endsAt }: SessionKey) => `${endsAt}.${digestOf(user)}.${id}.json`
const form = /^(\d{1,12})\.([0-9a-f]{32})\.[0-9a-f-]{36}\.json$/

async function namesIn(folder: string): Promise<Named[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  return names.flatMap((name) => {
    const [, endsAt, userDigest = ''] = form.exec(name) ?? []
    return endsAt === undefined ? [] : [{ name, endsAt: Number(endsAt), userDigest }]
  })
}

const isGood = ({ endsAt }: Named) => endsAt * 1000 > Date.now()

const digestOf = (user: string) => hash('sha256', user, 'hex').slice(0, 32)
