/**
 * `kura token create|list|revoke`: access tokens for robots, such as a build server, and the sessions of people.
 */
import { Command } from 'commander'
import { ownName } from '../assembly/messages/own-name.ts'
import { type KeptTokens, openKeptTokens } from '../assembly/tokens/kept.ts'
import { dayOf, listTokens } from '../assembly/tokens/list.ts'
import { readDuration } from '../config/duration.ts'
import { loadConfig } from '../config/load.ts'
import type { NewRobot, Robots } from '../gateway/access/robots.ts'
import { createLog } from '../gateway/log/log.ts'

const write = (text: string) => process.stdout.write(text)
const note = (text: string) => process.stderr.write(text)
const configOption = ['--config <path>', 'the configuration of the server'] as const

type WithConfig = { config?: string }

export function tokenCommand(): Command {
  const command = new Command('token').description(
    'access tokens for robots, and sessions of people',
  )

  command
    .command('create')
    .description('make a token and print it, once')
    .requiredOption('--name <name>', 'the name of the robot; policies call it user:robot:<name>')
    .requiredOption('--actions <list>', 'its rights at most, such as pull,push')
    .requiredOption('--repositories <list>', "where it may do that, such as 'team/**'")
    .option('--expires <time>', '90d, 12h or never', '90d')
    .option(...configOption)
    .action(async ({ config, ...options }: CreateTokenOptions & WithConfig) => {
      await createToken(await open(config), options, { write, note })
    })

  command
    .command('list')
    .description('list the tokens of robots, and the sessions of people, that are in force')
    .option(...configOption)
    .action(async ({ config }: WithConfig) => listTokens(await open(config), { write }))

  command
    .command('revoke')
    .description('end the token of a robot, or all that a user has been given')
    .argument('[name]', 'the name of the robot')
    .option('--user <name>', 'the user whose sessions and tokens end; the password stays')
    .option(...configOption)
    .action(async (name: string | undefined, { config, user }: WithConfig & { user?: string }) => {
      if ((name === undefined) === (user === undefined)) {
        throw new Error('either the name of a robot or --user with that of a user is needed')
      }
      const tokens = await open(config)
      if (name !== undefined) await revokeToken(tokens, name)
      if (user !== undefined) await endTokensOf(tokens, user, { note })
    })

  return command
}

async function open(path: string | undefined) {
  const { config } = await loadConfig({ ...(path && { path }), env: process.env })
  return openKeptTokens(config, createLog(config.log))
}

type Output = { write: (text: string) => void; note: (text: string) => void }
/** `folder` is where the records lie. */
type Kept = { folder: string; robots: Robots }

export type CreateTokenOptions = {
  name: string
  /** Separated by commas, as are the repositories. */
  actions: string
  repositories: string
  /** `90d`, `12h`, or `never`. */
  expires: string
}

/** The token is all there is on stdout, so that a script can take it. */
export async function createToken(
  { folder, robots }: Kept,
  options: CreateTokenOptions,
  { write, note }: Output,
): Promise<void> {
  const expiresAt = parseExpiry(options.expires, Date.now())
  const wanted = {
    name: options.name,
    actions: wordsOf(options.actions),
    repositories: wordsOf(options.repositories),
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
  }
  const token = await created(robots, wanted as NewRobot)
  const until = expiresAt ? `until ${dayOf(expiresAt)}` : 'until it is revoked'
  note(
    `the token of robot:${options.name}, valid ${until}, is on record in ${folder}; it is not shown again\n`,
  )
  write(`${token}\n`)
}

/** Throws when there is no such token. */
export async function revokeToken({ folder, robots }: Kept, name: string): Promise<void> {
  if (await robots.revoke(name)) return
  throw new Error(`there is no access token called ${name} in ${folder}`)
}

/** A wrong option is explained by the schema, in one sentence. */
async function created(robots: Robots, wanted: NewRobot): Promise<string> {
  try {
    return await robots.create(wanted)
  } catch (cause) {
    const { issues } = Object(cause) as { issues?: { path: string[]; message: string }[] }
    if (!issues) throw cause
    const faults = issues.map(({ path, message }) => `--${path[0]}: ${message}`)
    throw new Error([...new Set(faults)].join('\n'), { cause })
  }
}

/** When something made `now` expires; undefined for never. Days are not among Go's durations. */
export function parseExpiry(text: string, now: number): Date | undefined {
  if (text === 'never') return undefined
  const days = /^(\d{1,5})d$/.exec(text)?.[1]
  const ms = days === undefined ? readDuration(text) : Number(days) * 86_400_000
  if (ms !== undefined && ms > 0 && /[a-z]$/.test(text)) return new Date(now + ms)
  throw new Error(`--expires: ${text} is not a duration such as 90d or 12h, nor never`)
}

const wordsOf = (text: string) =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)

type KeptSessions = Pick<KeptTokens, 'folder' | 'sessions' | 'endings' | 'fingerprints' | 'users'>

/** Throws for a name that nobody has, since it may be misspelt. */
export async function endTokensOf(
  kept: KeptSessions,
  user: string,
  { note }: { note: (text: string) => void },
): Promise<void> {
  if (user.startsWith('robot:')) {
    const name = user.slice('robot:'.length)
    throw new Error(`${user} is a robot: ${ownName()} token revoke ${name} ends its token`)
  }
  await requireSomebody(kept, user)
  // First, so that nothing stays that is given out meanwhile.
  await kept.endings.end(user)
  const count = await kept.sessions.endAll(user)
  const sessions = `${count} ${count === 1 ? 'session' : 'sessions'}`
  note(`ended ${sessions} and all tokens of ${user} in ${kept.folder}; the password stays\n`)
}

/** A password, the trust in another issuer, or a session that is left. */
async function requireSomebody(kept: KeptSessions, user: string): Promise<void> {
  // Where the passwords cannot be read, nobody can be said to be missing.
  if (!kept.users || (await kept.fingerprints.of(user)) !== undefined) return
  if ((await kept.sessions.list()).some((it) => it.user === user)) return
  throw new Error(`there is no user ${user}, and no session of one, in ${kept.folder}`)
}
