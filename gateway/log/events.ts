/**
 * The log where none is configured: one short line for each push, pull, deletion and login, and
 * for each of these that failed. All other requests are silent, health checks among them.
 */
import type { Logger } from 'pino'
import { canonicalAddress } from '../../network/range.ts'
import type { GatewayContext, Middleware } from '../context.ts'
import { createCounted } from './counted.ts'
import { contentText, imageText, statusText, timeText, userText } from './event-lines.ts'
import { createEventMemory, type EventMemory } from './event-memory.ts'
import { needsMemory } from './event-pulls.ts'

type Options = {
  log: Logger
  memory?: EventMemory
}

/** One request that is over. */
type Event = { ctx: GatewayContext; user: string; address: string; began: number }

type Parts = {
  log: Logger
  memory: EventMemory
  counted: ReturnType<typeof createCounted>
  /** Writes a line that waits for something remembered; none where it turns out to be undefined. */
  writeLater: (lineOf: () => Promise<string | undefined>) => void
}

/** Lines a minute of what costs a client nothing; what changes content is always written. */
const mostLines = 1_200

const events: Record<string, (event: Event, parts: Parts) => void> = {
  'GET manifest': tellPull,
  'HEAD manifest': tellPull,
  'POST uploads': tellLayer,
  'PATCH upload': tellLayer,
  'PUT upload': tellLayer,
  'PUT manifest': tellPush,
  'DELETE manifest': tellDeletion,
  'DELETE blob': tellDeletion,
}

export function logEvents({ log, memory = createEventMemory() }: Options) {
  const others = 'others pulled or failed than are written one by one'
  const counted = createCounted({ log, level: 'info', others, mostLines })
  const waiting = new Set<Promise<void>>()
  const parts: Parts = { log, memory, counted, writeLater }

  const middleware: Middleware = (ctx, next) => {
    if (!log.isLevelEnabled('info')) return next()
    const began = Date.now()
    // Read now: a connection that has closed no longer knows whose it was.
    const { ip } = ctx

    ctx.res.once('close', () => {
      const { target, identity, loggedIn } = ctx.state as Partial<GatewayContext['state']>
      const tell = events[`${ctx.method} ${target?.kind}`]
      if (!tell && loggedIn === undefined) return
      const address = canonicalAddress(ip) ?? ip
      if (loggedIn !== undefined) tellLogin(userText(loggedIn), address, parts)
      tell?.({ ctx, user: userText(identity?.name), address, began }, parts)
    })
    return next()
  }

  return {
    middleware,
    async close() {
      await Promise.all(waiting)
      counted.close()
    },
  }

  function writeLater(lineOf: () => Promise<string | undefined>): void {
    const work = lineOf()
      .then((line) => (line ? log.info(line) : undefined))
      .catch((err) => log.debug({ err }, 'an event is not remembered'))
      .finally(() => waiting.delete(work))
    waiting.add(work)
  }
}

function tellLogin(user: string, address: string, { memory, writeLater }: Parts): void {
  writeLater(async () => {
    const isNew = await memory.login(`${user} ${address}`)
    return isNew ? `${user} logged in from ${address}` : undefined
  })
}

function tellPull({ ctx, user, address }: Event, { memory, counted, writeLater }: Parts): void {
  // An answer that did not reach its client is no pull.
  if (ctx.status !== 200 || !ctx.res.writableFinished) return
  const { repository, reference } = ctx.state.target
  const read = {
    reader: `${user} ${address} ${repository}`,
    isHead: ctx.method === 'HEAD',
    reference,
    digest: headerOf(ctx, 'docker-content-digest'),
    mediaType: headerOf(ctx, 'content-type'),
  }
  const write = (told: string | undefined) => {
    if (told === undefined) return
    counted.write({ message: `${user} pulled ${imageText(repository, told)} from ${address}` })
  }
  if (!needsMemory(read)) {
    write(reference)
    return
  }
  writeLater(async () => {
    write(await memory.pull(read))
    return undefined
  })
}

function tellLayer(event: Event, parts: Parts): void {
  if (event.ctx.status < 400) remember(event, parts)
  else tellFailure({ ...event, failed: 'push to', image: event.ctx.state.target.repository }, parts)
}

function remember(event: Event, { memory, writeLater }: Parts): void {
  writeLater(async () => {
    await memory.pushing(pushOf(event), event.began)
    return undefined
  })
}

function tellPush(event: Event, parts: Parts): void {
  const { ctx, user, began } = event
  const { memory, writeLater } = parts
  const { repository, reference } = ctx.state.target
  const image = imageText(repository, reference)
  if (ctx.status !== 201) {
    tellFailure({ ...event, failed: 'push', image }, parts)
    return
  }
  const { pushed } = ctx.state
  const tags = headerOf(ctx, 'oci-tag')
  const words = [`${user} pushed ${image}`]
  if (!reference.includes(':')) words.push(headerOf(ctx, 'docker-content-digest'))
  if (tags) words.push(`as ${tags}`)
  if (pushed) words.push(contentText(pushed))
  const ended = Date.now()
  writeLater(async () => {
    const first = (await memory.pushed(pushOf(event)).catch(() => undefined)) ?? began
    return [...words, timeText(ended - Math.min(first, began))].join(' ')
  })
}

function tellDeletion(event: Event, parts: Parts): void {
  const { ctx, user } = event
  const { repository, reference } = ctx.state.target
  const image = imageText(repository, reference)
  if (ctx.status === 202) parts.log.info(`${user} deleted ${image}`)
  else tellFailure({ ...event, failed: 'delete', image }, parts)
}

type Failure = Event & { failed: 'push to' | 'push' | 'delete'; image: string }

function tellFailure({ ctx, user, failed, image }: Failure, { counted }: Parts): void {
  // Without its client it has no answer, and a refusal has a line of its own.
  if (!ctx.res.writableFinished || isToldElsewhere(ctx.status)) return
  counted.write({ message: `${user} could not ${failed} ${image}: ${statusText(ctx.status)}` })
}

const pushOf = ({ ctx, user, address }: Event) =>
  `${user} ${address} ${ctx.state.target.repository}`

const headerOf = (ctx: GatewayContext, name: string) => String(ctx.res.getHeader(name) ?? '')

/** A status that has a line of its own already, at `warn` or `error`. */
const isToldElsewhere = (status: number) => [401, 403, 429].includes(status) || status >= 500
