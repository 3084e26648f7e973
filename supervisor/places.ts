/**
 * Keeps every place of a crew filled: a process that dies is replaced, later each time. The first place
 * starts alone, so that a fault is said once, and the folders and files of a first start are made once.
 */
import type { Worker as Process } from 'node:cluster'
import type { Logger } from 'pino'
import type { Crew, Place } from './crew.ts'
import { type Ended, type Heard, launch } from './launch.ts'

type Parts = Omit<Heard, 'here' | 'ready'> & {
  crew: Crew
  log: Logger
  /** A process listens, and can be told what it is. */
  here: (child: Process, role: string) => void
  /** Every place has had a process that was ready. */
  onReady: () => void
  /** A process of a place that never had one that was ready. */
  onNoStart: (why: string) => void
  /** After the end of each process. */
  onEnd: () => void
}

export type Places = ReturnType<typeof createPlaces>

export function createPlaces({ crew, log, here, onReady, onNoStart, onEnd, ...heard }: Parts) {
  const [first, ...others] = crew.places
  return { fill, succeed }

  function fill() {
    if (first) occupy(first)
  }

  function occupy(place: Place) {
    const ended = start(place, () => onPlaceReady(place))
    ended.then((end) => {
      // A predecessor ends after its successor has taken the place.
      if (crew.isStopping || place.process) return
      if (place.everReady) replace(place, end)
      else onNoStart(end.why)
    })
  }

  function onPlaceReady(place: Place) {
    if (place.everReady) return
    place.everReady = true
    if (place === first) for (const other of others) occupy(other)
    if (crew.places.every(({ everReady }) => everReady)) onReady()
  }

  function replace(place: Place, { pid, why, livedMs }: Ended) {
    place.delayMs = backOff(place.delayMs, livedMs)
    const fields = { role: place.role, pid, reason: why, delay: `${place.delayMs}ms` }
    log.error(fields, 'a process is gone and will be replaced')
    setTimeout(() => {
      if (!crew.isStopping) occupy(place)
    }, place.delayMs)
  }

  /** Resolves when a successor serves; rejects when it ended before. */
  async function succeed(place: Place): Promise<void> {
    const ready = Promise.withResolvers<void>()
    const early = start(place, ready.resolve).then((end) => {
      if (!end.ready) throw new Error(end.why)
      if (!crew.isStopping && !place.process) replace(place, end)
    })
    await Promise.race([ready.promise, early])
  }

  /** A process for `place`, which has it from when it is ready; resolves at its end. */
  async function start(place: Place, ready: () => void): Promise<Ended> {
    const { child, ended } = launch({
      ...heard,
      here: () => here(child, place.role),
      ready() {
        place.process = child
        ready()
      },
    })
    crew.alive.set(child, place)
    const end = await ended
    crew.alive.delete(child)
    if (place.process === child) delete place.process
    onEnd()
    return end
  }
}

const longLifeMs = 30_000
const shortestMs = 100
const longestMs = 10_000

/** How long to wait before a process is replaced: longer each time, unless the last one lived a while. */
export function backOff(lastMs: number, livedMs: number): number {
  if (lastMs === 0 || livedMs >= longLifeMs) return shortestMs
  return Math.min(lastMs * 2, longestMs)
}
