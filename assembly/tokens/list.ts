/** `kura token list`: the tokens of robots and the sessions of people that are in force, as tables. */

import type { Session } from '../../gateway/access/issue/sessions.ts'
import type { Robot } from '../../gateway/access/robots.ts'
import type { KeptTokens } from './kept.ts'

type Listed = Pick<KeptTokens, 'folder' | 'robots' | 'sessions' | 'fingerprints' | 'users'>

export async function listTokens(
  kept: Listed,
  { write }: { write: (text: string) => void },
): Promise<void> {
  const robots = (await kept.robots.list()).map(robotRow)
  const sessions = (await sessionsInForce(kept)).map(sessionRow)
  const tables = [
    { head: ['NAME', 'ACTIONS', 'REPOSITORIES', 'EXPIRES'], rows: robots },
    { head: ['USER', 'CLIENT', 'FROM', 'SINCE', 'EXPIRES'], rows: sessions },
  ].filter(({ rows }) => rows.length > 0)
  if (tables.length === 0) return write(`there are no access tokens in ${kept.folder}\n`)
  write(tables.map(({ head, rows }) => tableOf([head, ...rows])).join('\n'))
}

const robotRow = (it: Robot) => [
  it.name,
  it.actions.join(),
  it.repositories.join(),
  expiryText(it.expiresAt),
]

const sessionRow = (it: Session) => [
  it.user,
  it.client || '-',
  it.address || '-',
  dayOf(new Date(it.startedAt)),
  dayOf(new Date(it.expiresAt)),
]

/** Where the passwords cannot be read, a session of somebody who has another by now is among them. */
async function sessionsInForce({ sessions, fingerprints, users }: Listed): Promise<Session[]> {
  const all = await sessions.list()
  if (!users) return all
  const current = await Promise.all(all.map(({ user }) => fingerprints.of(user)))
  return all.filter(({ fingerprint }, at) => fingerprint === current[at])
}

function tableOf(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, at) => cell.padEnd(widths[at] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('')
}

function expiryText(expiresAt: string | undefined): string {
  if (expiresAt === undefined) return 'never'
  const isOver = Date.parse(expiresAt) <= Date.now()
  return dayOf(new Date(expiresAt)) + (isOver ? ' (expired)' : '')
}

export const dayOf = (date: Date) => date.toISOString().slice(0, 10)
