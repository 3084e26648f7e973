/**
 * Runs kura as several processes and keeps them running: one that dies is replaced, SIGHUP replaces
 * all of them one by one, and SIGTERM stops them without cutting a request short. The program starts
 * again in each process, so `supervise` is where the supervisor and they part.
 */
import cluster, { type Worker as Process } from 'node:cluster'
import { constants } from 'node:os'
import type { Logger } from 'pino'
import type { Answered, Ask, Question } from './asking.ts'
import { backOff } from './back-off.ts'
import { closeWithProcess, handOverInTurn } from './handed-over.ts'
import type { Notice, Sender } from './notices.ts'
import { follow, type Order, type Report, type Running } from './supervised.ts'

export type Supervision<Given> = {
  /** What each process is and how many of them; later ones need the earlier ones, and stop first. */
  roles: readonly { role: string; processes: number }[]
  log: Logger
  /** What requests still running get to finish once a stop is asked for. */
  drainMs: number
  /** Called once in the supervisor; what it answers goes to every process. */
  prepare: () => Promise<Given>
  /** Called in each process; a rejection is why it could not start. */
  start: (role: string, given: Given, ask: Ask) => Promise<Running>
  /** Called in the supervisor: what a process asks with `ask`. */
  answer?: Ask
  /** Called in the supervisor: a line that a process has for the log, once for all of them. */
  notice?: (line: string, from: Sender) => void
  /** Called in the supervisor once every process has started. */
  onReady?: () => void
  /** Called before a reload; a rejection is why everything stays as it is. */
  check?: () => Promise<void>
  /** Called when a reload begins, when it is over, and when everything is about to stop. */
  onChange?: (change: 'reloading' | 'reloaded' | 'stopping') => void
}

/** Ends the process when all is over; it never comes back. */
export async function supervise<Given>(options: Supervision<Given>): Promise<never> {
  process.exit(await (cluster.isPrimary ? lead(options) : follow(options)))
}

type StopSignal = 'SIGINT' | 'SIGTERM'

const stopSignals: StopSignal[] = ['SIGINT', 'SIGTERM']
/** A terminal signals everyone and npm passes it on: the same signal at once is one wish, not two. */
const echoMs = 500
/** How much later than its own deadline a process is held to be stuck. */
const stuckMs = 1_000
const longestTimer = 2 ** 31 - 1 - stuckMs

/** One of the processes to be kept running, through all its replacements. */
type Place = { role: string; everReady: boolean; delayMs: number; process?: Process }
type Ended = { ready: boolean; why: string; pid: number | undefined; livedMs: number }

/** The supervisor's part; answers the exit code. */
async function lead<Given>(options: Supervision<Given>): Promise<number> {
  const { roles, log, drainMs, prepare, answer, notice, onReady, check, onChange } = options
  const { promise, resolve } = Promise.withResolvers<number>()
  const places = roles.flatMap(({ role, processes }) =>
    Array.from({ length: processes }, (): Place => ({ role, everReady: false, delayMs: 0 })),
  )
  /** All that live, those that are being replaced too. */
  const alive = new Map<Process, Place>()
  const timers = new Set<NodeJS.Timeout>()
  let stopping: { signal: StopSignal; at: number } | undefined
  let reloading: Promise<void> | undefined

  handOverInTurn()
  for (const signal of stopSignals) process.on(signal, stop)
  const given = await prepare()
  const [first, ...others] = places
  if (first) occupy(first)
  return promise

  /** Starts a process; the answer comes with its end, `ready` tells of its beginning. */
  function launch(place: Place, onProcessReady: () => void): Promise<Ended> {
    const child = cluster.fork()
    closeWithProcess(child)
    const ended = Promise.withResolvers<Ended>()
    let ready = false
    const startedAt = Date.now()
    let reason: string | undefined
    const onGone = (why: string) => {
      alive.delete(child)
      if (place.process === child) delete place.process
      const { pid } = child.process
      ended.resolve({ ready, why, pid, livedMs: Date.now() - startedAt })
      if (stopping) stopNext()
    }

    alive.set(child, place)
    child.on('message', (report: Report | Question | Notice) => {
      if (report.kura === 'here') greet(child, place)
      if (report.kura === 'ask') reply(child, report)
      hear(report, { id: child.id, isReady: ready })
      if (report.kura === 'failed') reason = report.reason
      if (report.kura !== 'ready') return
      ready = true
      place.process = child
      onProcessReady()
    })
    child.on('error', (error) => {
      reason = error.message
      // A process that could not be made does not exit either.
      if (child.process.pid === undefined) onGone(reason)
    })
    child.once('exit', (code, signal) => {
      const end = () => onGone(reason ?? `it ended with ${signal ?? `exit code ${code}`}`)
      // What it said last may still be on its way.
      if (child.isConnected()) child.once('disconnect', end)
      else end()
    })
    return ended.promise
  }

  function occupy(place: Place) {
    const launched = launch(place, () => onPlaceReady(place))
    launched.then((end) => {
      // One that was replaced had its place taken while it still lived.
      if (stopping || place.process) return
      if (place.everReady) replace(place, end)
      else giveUp(end.why)
    })
  }

  /** The first starts alone, so that what is wrong is said once, and set up once. */
  function onPlaceReady(place: Place) {
    if (place.everReady) return
    place.everReady = true
    if (place === first) for (const other of others) occupy(other)
    if (places.some(({ everReady }) => !everReady)) return
    process.on('SIGHUP', reload)
    onReady?.()
  }

  function replace(place: Place, { pid, why, livedMs }: Ended) {
    place.delayMs = backOff(place.delayMs, livedMs)
    const fields = { role: place.role, pid, reason: why, delay: `${place.delayMs}ms` }
    log.error(fields, 'a process is gone and will be replaced')
    const timer = setTimeout(() => {
      timers.delete(timer)
      occupy(place)
    }, place.delayMs)
    timers.add(timer)
  }

  function giveUp(why: string) {
    log.fatal(`could not start: ${why}`)
    kill()
    resolve(1)
  }

  /** A second wish while one is being followed is followed after it: there may be news in it. */
  function reload() {
    reloading = (reloading ?? Promise.resolve()).then(reloadAll)
  }

  async function reloadAll() {
    if (stopping) return
    onChange?.('reloading')
    try {
      await check?.()
      log.info({ processes: places.length }, 'reloading: every process is replaced')
      for (const place of places) await succeed(place)
      log.info('reloaded')
    } catch (error) {
      log.error({ err: error }, 'not reloaded: what was running goes on')
    }
    onChange?.('reloaded')
  }

  /** The successor serves before its predecessor stops, which may then take its time. */
  async function succeed(place: Place) {
    const predecessor = place.process
    // Without one, a process that reads everything anew is on its way already.
    if (stopping || !predecessor) return
    const ready = Promise.withResolvers<void>()
    const launched = launch(place, ready.resolve)
    const early = launched.then((end) => {
      if (!end.ready) throw new Error(end.why)
      if (!stopping && !place.process) replace(place, end)
    })
    await Promise.race([ready.promise, early])
    send(predecessor, { kura: 'stop', replaced: true })
  }

  function stop(signal: StopSignal) {
    if (stopping) {
      if (signal === stopping.signal && Date.now() - stopping.at < echoMs) return
      kill()
      resolve(128 + constants.signals[signal])
      return
    }
    stopping = { signal, at: Date.now() }
    onChange?.('stopping')
    const more = signal === 'SIGINT' ? '; Ctrl-C once more stops at once' : ''
    log.info({ signal, processes: alive.size }, `stopping${more}`)
    for (const timer of timers) clearTimeout(timer)
    setTimeout(kill, Math.min(drainMs, longestTimer) + stuckMs)
    stopNext()
  }

  /** Tells those to stop that nobody needs any more, and ends when there is no one left to tell. */
  function stopNext() {
    const last = roles.findLast(({ role }) => [...alive.values()].some((it) => it.role === role))
    if (!last) return resolve(0)
    const left = Math.min(drainMs, longestTimer) - (Date.now() - (stopping?.at ?? 0))
    const order = { kura: 'stop', replaced: false, drainMs: Math.max(left, 0) } as const
    for (const [child, { role }] of alive) if (role === last.role) send(child, order)
  }

  function greet(child: Process, { role }: Place) {
    if (stopping) stopNext()
    else send(child, { kura: 'start', role, given })
  }

  function hear(report: Report | Question | Notice, from: Sender) {
    if (report.kura === 'notice') notice?.(report.line, from)
  }

  async function reply(child: Process, { id, question }: Question) {
    send(child, { kura: 'answer', id, answer: await answer?.(question) })
  }

  /** One that is on its way out cannot be told any more, and need not be. */
  function send(child: Process, order: Order<Given> | Answered) {
    child.process.send(order, undefined, undefined, () => {})
  }

  function kill() {
    for (const child of alive.keys()) child.process.kill('SIGKILL')
  }
}
