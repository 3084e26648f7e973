/**
 * The access tokens of robots: made by an administrator, shown once, kept as hashes, each in a file of
 * its own, and gone when that is removed. They serve as a password with any name, or as a bearer token.
 */
import { hash, randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { createPrivateFile, removeFile } from '../../files/create.ts'
import { folderMark } from '../../files/folder-mark.ts'
import { watch } from '../../files/watch.ts'
import { faultOfRepositoryPattern } from '../../policies/engine/pattern.ts'
import type { Identity } from '../../registry/protocol/call.ts'
import { createPatternGrant } from './verify/bound.ts'

const robotName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/, 'a name is 1 to 64 of a-z, 0-9, . _ and -')

/** A pattern as policies have them; there is no user whose name could stand in it. */
const robotPattern = z
  .string()
  .max(255)
  .check(({ value, issues }) => {
    const user = value.includes('$') ? 'has a $, but no user asks with an access token' : undefined
    const fault = user ?? faultOfRepositoryPattern(value)
    if (fault) issues.push({ code: 'custom', input: value, message: `${value} ${fault}` })
  })

const robot = z.object({
  name: robotName,
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  actions: z.array(z.enum(['pull', 'push', 'delete', '*'])).min(1),
  repositories: z.array(robotPattern).min(1).max(100),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().optional(),
})

/** A robot without its token, of which only a hash is kept. */
export type Robot = Omit<z.infer<typeof robot>, 'hash'>
export type NewRobot = Pick<Robot, 'name' | 'actions' | 'repositories' | 'expiresAt'>

type Options = { folder: string; report: (error: unknown) => void; checkMs?: number }
type Stored = { robot: z.infer<typeof robot>; identity: Identity }

export type Robots = Awaited<ReturnType<typeof openRobots>>

/** A password that begins like this can only be a robot's token. */
export const robotPrefix = 'kura_'
const shape = /^kura_[\w-]{43}$/

/** Creates the folder. Any number of processes may have it open. */
export async function openRobots({ folder, report, checkMs = 1000 }: Options) {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const make = () => loadAll(folder, report)
  const look = async () => ({ mark: await folderMark(folder), make })
  const robots = watch({ look, settleMs: 0, checkMs, report })
  const pathOf = (name: string) => join(folder, `${robotName.parse(name)}.json`)

  return {
    /** Answers the text of the token, for the only time. Throws when the name is taken. */
    async create(wanted: NewRobot): Promise<string> {
      const token = robotPrefix + randomBytes(32).toString('base64url')
      const createdAt = new Date().toISOString()
      const it = robot.parse({ ...wanted, createdAt, hash: hashOf(token) })
      const isNew = await createPrivateFile(
        pathOf(it.name),
        `${JSON.stringify(it, undefined, 2)}\n`,
      )
      if (isNew) return token
      throw new Error(`there is a token called ${it.name}; revoke it first`)
    },

    async list(): Promise<Robot[]> {
      const found = [...(await robots.check()).byHash.values()]
      return found
        .map(({ robot: { hash: _hash, ...rest } }) => rest)
        .sort((one, other) => (one.name < other.name ? -1 : 1))
    },

    /** All there is of a robot, as text; undefined once it is revoked or expired. */
    async recordOf(name: string): Promise<string | undefined> {
      const found = (await robots.get()).byName.get(name)
      return found && !isOver(found.robot) ? JSON.stringify(found.robot) : undefined
    },

    /** Looks now, and not only once the last look is old. */
    check: async (): Promise<void> => void (await robots.check()),

    /** False when there is none of that name. */
    revoke: (name: string): Promise<boolean> => removeFile(pathOf(name)),

    /**
     * Undefined for a token that is unknown, revoked or expired. Looking up a hash takes no time that
     * says anything of the 256 random bits behind it.
     */
    async find(token: string): Promise<Identity | undefined> {
      if (!shape.test(token)) return undefined
      const found = (await robots.get()).byHash.get(hashOf(token))
      return found && !isOver(found.robot) ? found.identity : undefined
    },
  }
}

const isOver = ({ expiresAt }: Robot) =>
  expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()

const hashOf = (token: string) => hash('sha256', token, 'hex')

/** A file that cannot be read is reported; it takes away no token but its own. */
async function loadAll(folder: string, report: (error: unknown) => void) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'))
  const found: Stored[] = []
  for (const name of names) {
    const path = join(folder, name)
    try {
      const it = robot.parse(JSON.parse(await readFile(path, 'utf8')))
      found.push({ robot: it, identity: identityOf(it) })
    } catch (cause) {
      const wasRemoved = (cause as NodeJS.ErrnoException).code === 'ENOENT'
      if (!wasRemoved) report(new Error(`${path} is not an access token's file`, { cause }))
    }
  }
  return {
    byHash: new Map(found.map((it) => [it.robot.hash, it])),
    byName: new Map(found.map((it) => [it.robot.name, it])),
  }
}

function identityOf({ name, actions, repositories }: z.infer<typeof robot>): Identity {
  const bound = repositories.map((pattern) =>
    createPatternGrant({ type: 'repository', name: pattern, actions }),
  )
  return { name: `robot:${name}`, groups: [], method: 'access-token', bound }
}
