/**
 * The part of one process under a supervisor: it starts what it is told to, and stops when it is
 * told. Signals to the whole group reach it too, but it obeys its supervisor only. Should that die,
 * node:cluster ends the process.
 */
import type { Logger } from 'pino'
import { messageOf } from '../files/permission.ts'
import { type Ask, createAsk } from './asking.ts'

/**
 * `replaced`: a successor serves already, so that there is time; `hurry` aborts when there is none any
 * more, as everything is to stop.
 */
export type Stop = { replaced: boolean; hurry: AbortSignal }
export type Running = { stop(how: Stop): Promise<void> }

/** From the supervisor. Without a limit, a process may take as long to stop as its requests do. */
export type Order<Given> =
  | { kura: 'start'; role: string; given: Given }
  | { kura: 'stop'; replaced: boolean; drainMs?: number }
export type Report =
  // It listens now: what it was told before that is lost.
  | { kura: 'here' }
  | { kura: 'ready' }
  | { kura: 'failed'; reason: string }
  // Nothing comes after it.
  | { kura: 'gone' }

type Part<Given> = {
  log: Logger
  /** A rejection is why it could not start. */
  start: (role: string, given: Given, ask: Ask) => Promise<Running>
}

/** Answers the exit code. */
export async function follow<Given>({ log, start }: Part<Given>): Promise<number> {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {})
  const { started, stopped, timeOver } = listen<Given>()
  await tell({ kura: 'here' })
  const told = await Promise.race([started, stopped.then(() => undefined)])
  if (!told) return 0

  let running: Running | undefined
  try {
    const starting = start(told.role, told.given, createAsk())
    running = await Promise.race([starting, stopped.then(() => undefined)])
  } catch (error) {
    log.debug({ err: error }, 'could not start')
    await tell({ kura: 'failed', reason: onOneLine(messageOf(error)) })
    return 1
  }
  if (!running) return 0
  await tell({ kura: 'ready' })

  const how = await stopped
  const code = await Promise.race([stop(running, how, log), timeOver])
  if (code === 'cut short') log.warn('requests were cut short: their time was over')
  await tell({ kura: 'gone' })
  return typeof code === 'number' ? code : 0
}

async function stop(running: Running, how: Stop, log: Logger): Promise<number> {
  try {
    await running.stop(how)
    return 0
  } catch (error) {
    log.error({ err: error }, 'could not stop cleanly')
    return 1
  }
}

type Start<Given> = Extract<Order<Given>, { kura: 'start' }>

function listen<Given>() {
  const started = Promise.withResolvers<Start<Given>>()
  const stopped = Promise.withResolvers<Stop>()
  const timeOver = Promise.withResolvers<'cut short' | 'at once'>()
  const hurry = new AbortController()
  process.on('message', (order: Order<Given>) => {
    if (order.kura === 'start') started.resolve(order)
    if (order.kura !== 'stop') return
    if (!order.replaced) hurry.abort()
    stopped.resolve({ replaced: order.replaced, hurry: hurry.signal })
    // A limit may come later than the order itself: then everything is to stop.
    const { drainMs } = order
    if (drainMs === undefined) return
    setTimeout(() => timeOver.resolve(drainMs > 0 ? 'cut short' : 'at once'), drainMs)
  })
  return { started: started.promise, stopped: stopped.promise, timeOver: timeOver.promise }
}

/** A record of the log is a line; a list of problems keeps all of them. */
function onOneLine(message: string): string {
  return message
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join(' ')
}

/** Resolves once it is told, or cannot be: then the supervisor is gone, and so are we. */
function tell(report: Report): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(report, undefined, undefined, () => resolve())
  })
}
