/** `kura token create|list|revoke`: access tokens for robots, such as a build server. */
import { readDuration } from '../config/duration.ts'
import type { NewRobot, Robots } from '../gateway/access/tokens/robots.ts'

type Output = { write: (text: string) => void }

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
  robots: Robots,
  options: CreateTokenOptions,
  { write, note }: Output & { note: (text: string) => void },
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
  note(`the token of robot:${options.name}, valid ${until}; it is not shown again\n`)
  write(`${token}\n`)
}

export async function listTokens(robots: Robots, { write }: Output): Promise<void> {
  const rows = (await robots.list()).map((it) => [
    it.name,
    it.actions.join(),
    it.repositories.join(),
    expiryText(it.expiresAt),
  ])
  if (rows.length === 0) return write('there are no access tokens\n')

  const table = [['NAME', 'ACTIONS', 'REPOSITORIES', 'EXPIRES'], ...rows]
  const widths = [0, 1, 2].map((at) => Math.max(...table.map((row) => row[at]?.length ?? 0)))
  for (const row of table) {
    write(`${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}\n`)
  }
}

/** Throws when there is no such token. */
export async function revokeToken(robots: Robots, name: string): Promise<void> {
  if (!(await robots.revoke(name))) throw new Error(`there is no access token called ${name}`)
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

function expiryText(expiresAt: string | undefined): string {
  if (expiresAt === undefined) return 'never'
  const isOver = Date.parse(expiresAt) <= Date.now()
  return dayOf(new Date(expiresAt)) + (isOver ? ' (expired)' : '')
}

const dayOf = (date: Date) => date.toISOString().slice(0, 10)

const wordsOf = (text: string) =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean)
