/**
 * Runs the registry as several processes that share its port, and keeps them running: one that dies
 * is replaced, and a signal to the supervisor stops them all without cutting a request short. The
 * program starts again in each process, so `supervise` is where the supervisor and they part.
 */
import cluster, { type Worker } from 'node:cluster'
import { constants } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'

type Running = { stop(): Promise<void> }

export type Supervision = {
  processes: number
  log: Logger
  /** What requests still running get to finish once a stop is asked for. */
  drainMs: number
  /** Called in each process; a rejection is why it could not start. */
  start: () => Promise<Running>
  /** Called in the supervisor once every process has started. */
  onReady?: () => void
}

/** Ends the process when all is over; it never comes back. */
export async function supervise(options: Supervision): Promise<never> {
  process.exit(await (cluster.isPrimary ? lead(options) : follow(options)))
}

type Order = { kura: 'stop'; drainMs: number }
type Report = { kura: 'ready' } | { kura: 'failed'; reason: string }
type StopSignal = 'SIGINT' | 'SIGTERM'

const stopSignals: StopSignal[] = ['SIGINT', 'SIGTERM']
/** A terminal signals everyone and npm passes it on: the same signal at once is one wish, not two. */
const echoMs = 500
/** How much later than its own deadline a process is held to be stuck. */
const stuckMs = 1_000
const longestTimer = 2 ** 31 - 1 - stuckMs

/** One of the processes to be kept running, through all its replacements. */
type Place = { everReady: boolean; delayMs: number }

/** The supervisor's part; answers the exit code. */
function lead({ processes, log, drainMs, onReady }: Supervision): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  const workers = new Set<Worker>()
  const timers = new Set<NodeJS.Timeout>()
  let readyPlaces = 0
  let stopping: { signal: StopSignal; at: number } | undefined

  // Each process accepts for itself. Were connections handed out here, one that was on its way to a
  // process when that was killed would stay open with nobody to answer it.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  for (const signal of stopSignals) process.on(signal, stop)
  occupy({ everReady: false, delayMs: 0 })
  return promise

  function occupy(place: Place) {
    const startedAt = Date.now()
    const worker = cluster.fork()
    workers.add(worker)
    let reason: string | undefined

    worker.on('message', (report: Report) => {
      if (report.kura === 'ready') onPlaceReady(place)
      if (report.kura === 'failed') reason = report.reason
    })
    worker.on('error', (error) => {
      reason = error.message
      // A process that could not be made does not exit either.
      if (worker.process.pid === undefined) onGone(reason)
    })
    worker.once('exit', (code, signal) =>
      onGone(reason ?? `it ended with ${signal ?? `exit code ${code}`}`),
    )

    function onGone(why: string) {
      workers.delete(worker)
      if (stopping) {
        if (workers.size === 0) resolve(0)
      } else if (place.everReady) replace(place, { startedAt, why, pid: worker.process.pid })
      else giveUp(why)
    }
  }

  /** The first starts alone, so that what is wrong is said once, and set up once. */
  function onPlaceReady(place: Place) {
    if (place.everReady) return
    place.everReady = true
    readyPlaces += 1
    if (readyPlaces === processes) onReady?.()
    if (readyPlaces > 1) return
    for (let more = 1; more < processes; more += 1) occupy({ everReady: false, delayMs: 0 })
  }

  function replace(
    place: Place,
    gone: { startedAt: number; why: string; pid: number | undefined },
  ) {
    place.delayMs = backOff(place.delayMs, Date.now() - gone.startedAt)
    log.error(
      { pid: gone.pid, reason: gone.why, delay: `${place.delayMs}ms` },
      'a process is gone and will be replaced',
    )
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

  function stop(signal: StopSignal) {
    if (stopping) {
      if (signal === stopping.signal && Date.now() - stopping.at < echoMs) return
      kill()
      resolve(128 + constants.signals[signal])
      return
    }
    stopping = { signal, at: Date.now() }
    log.info({ signal, processes: workers.size }, 'stopping')
    for (const timer of timers) clearTimeout(timer)
    if (workers.size === 0) resolve(0)
    const order: Order = { kura: 'stop', drainMs: Math.min(drainMs, longestTimer) }
    // A worker that is on its way out cannot be told any more, and need not be.
    for (const worker of workers) worker.process.send(order, undefined, undefined, () => {})
    setTimeout(kill, order.drainMs + stuckMs)
  }

  function kill() {
    for (const worker of workers) worker.process.kill('SIGKILL')
  }
}

/** How long to wait before a replacement: longer each time, unless the last one lived a while. */
export function backOff(lastMs: number, livedMs: number): number {
  if (lastMs === 0 || livedMs >= 30_000) return 100
  return Math.min(lastMs * 2, 10_000)
}

/**
 * A process's part; answers its exit code. It obeys its supervisor only, because a signal to the
 * whole group reaches both. Should the supervisor die, node:cluster ends the process.
 */
async function follow({ log, start }: Supervision): Promise<number> {
  for (const signal of stopSignals) process.on(signal, () => {})
  const ordered = stopOrder()

  let running: Running | undefined
  try {
    running = await Promise.race([start(), ordered.then(() => undefined)])
  } catch (error) {
    log.debug({ err: error }, 'could not start')
    const message = error instanceof Error ? error.message : String(error)
    await tell({ kura: 'failed', reason: onOneLine(message) })
    return 1
  }
  if (!running) return 0
  await tell({ kura: 'ready' })

  const { drainMs } = await ordered
  const stopped = running.stop().then(
    () => 0,
    (error) => {
      log.error({ err: error }, 'could not stop cleanly')
      return 1
    },
  )
  const code = await Promise.race([stopped, wait(drainMs, undefined)])
  if (code === undefined && drainMs > 0) log.warn('requests were cut short: their time was over')
  return code ?? 0
}

/** A record of the log is a line; a list of problems keeps all of them. */
function onOneLine(message: string): string {
  return message
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .join(' ')
}

function stopOrder(): Promise<Order> {
  return new Promise((resolve) => {
    process.on('message', (order: Order) => {
      if (order.kura === 'stop') resolve(order)
    })
  })
}

/** Resolves once it is told, or cannot be: then the supervisor is gone, and so are we. */
function tell(report: Report): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(report, undefined, undefined, () => resolve())
  })
}
