/** `kura token create|revoke`: access tokens for robots, such as a build server. */
import { readDuration } from '../config/duration.ts'
import type { NewRobot, Robots } from '../gateway/access/robots.ts'
import { dayOf } from './token-list.ts'

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

/** What the schema says of a wrong option, as one sentence. */
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
