/**
 * The log of somebody who configured none: one short line for each push, pull, deletion and login.
 * All other requests are silent, health checks among them.
 */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Logger } from 'pino'
import { canonicalAddress } from '../../policies/network.ts'
import { safeName } from '../access/safe-name.ts'
import type { Context, Middleware } from '../state.ts'

type Event = { ctx: Context; user: string; address: string; ms: number }
type Told = (event: Event) => string | undefined

type Options = {
  log: Logger
  /** How long the logins of a user at an address are one event, in milliseconds. */
  loginMs?: number
}

/** Users and addresses whose last login is remembered. */
const mostLogins = 1_000

export function logEvents({ log, loginMs = 5 * 60_000 }: Options): Middleware {
  const logins = new Map<string, number>()
  const events: Record<string, Told> = {
    'PUT manifest': tellPush,
    'GET manifest': ({ ctx, user, address }) =>
      ctx.status === 200 ? `${user} pulled ${imageOf(ctx)} from ${address}` : undefined,
    'DELETE manifest': ({ ctx, user }) => tellDeletion(ctx, user),
    'DELETE blob': ({ ctx, user }) => tellDeletion(ctx, user),
    'GET base': tellLogin,
    'GET token': tellLogin,
    'POST token': tellLogin,
  }

  return (ctx, next) => {
    const { res, state } = ctx
    state.requestId = randomUUID()
    if (!log.isLevelEnabled('info')) return next()
    const started = performance.now()
    // Read now: a connection that has closed no longer knows whose it was.
    const address = canonicalAddress(ctx.ip) ?? ctx.ip

    res.once('close', () => {
      // Only middleware in front of the target's reader leaves it out: a token was asked for.
      const kind = (state as Partial<Context['state']>).target?.kind ?? 'token'
      const tell = events[`${ctx.method} ${kind}`]
      // What did not reach its client was not pulled; what was stored is, even so.
      if (!tell || (ctx.method === 'GET' && !res.writableFinished)) return
      const name = (state as Partial<Context['state']>).identity?.name
      const user = name === undefined ? 'anonymous' : safeName(name)
      const line = tell({ ctx, user, address, ms: performance.now() - started })
      if (line) log.info(line)
    })
    return next()
  }

  function tellLogin({ ctx, user, address }: Event): string | undefined {
    const { identity } = ctx.state as Partial<Context['state']>
    if (ctx.status !== 200 || identity?.name === undefined) return undefined
    const key = `${identity.name} ${address}`
    const now = performance.now()
    const last = logins.get(key)
    if (last !== undefined && now - last < loginMs) return undefined
    logins.delete(key)
    const [oldest] = logins.keys()
    if (logins.size >= mostLogins && oldest !== undefined) logins.delete(oldest)
    logins.set(key, now)
    return `${user} logged in from ${address}`
  }
}

/** What has a line of its own already, at `warn` or `error`. */
const toldElsewhere = (status: number) => [401, 403, 429].includes(status) || status >= 500

function tellPush({ ctx, user, ms }: Event): string | undefined {
  if (ctx.status !== 201) return tellFailure(ctx, user, 'push')
  const { pushed } = ctx.state
  const digest = String(ctx.res.getHeader('docker-content-digest') ?? '')
  const parts = [`${user} pushed ${imageOf(ctx)}`]
  if (!ctx.state.target.reference.includes(':')) parts.push(digest)
  if (pushed?.images) parts.push(counted(pushed.images, 'image'))
  if (pushed && !pushed.images) parts.push(counted(pushed.layers, 'layer'), sizeOf(pushed.bytes))
  return [...parts, `${(ms / 1000).toFixed(1)} s`].join(' ')
}

function tellDeletion(ctx: Context, user: string): string | undefined {
  if (ctx.status === 202) return `${user} deleted ${imageOf(ctx)}`
  return tellFailure(ctx, user, 'delete')
}

function tellFailure(ctx: Context, user: string, verb: string): string | undefined {
  const { status } = ctx
  if (status < 400 || toldElsewhere(status)) return undefined
  return `${user} could not ${verb} ${imageOf(ctx)}: ${status} ${STATUS_CODES[status] ?? ''}`
}

function imageOf(ctx: Context): string {
  const { repository, reference } = ctx.state.target
  return `${repository}${reference.includes(':') ? '@' : ':'}${reference.slice(0, 200)}`
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`

const units = ['B', 'kB', 'MB', 'GB', 'TB']

function sizeOf(bytes: number): string {
  const step = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  const value = bytes / 1000 ** step
  return `${value < 10 && step > 0 ? value.toFixed(1) : Math.round(value)} ${units[step]}`
}
