/**
 * Replaces all processes one by one, as SIGHUP asks for: a successor serves before its predecessor stops,
 * which may then take its time.
 */
import type { Logger } from 'pino'
import { type Crew, type Place, send } from './crew.ts'
import type { Places } from './places.ts'

type Parts = {
  crew: Crew
  places: Places
  log: Logger
  /** A rejection is why everything stays as it is. */
  check?: (() => Promise<void>) | undefined
  onChange?: ((change: 'reloading' | 'reloaded') => void) | undefined
}

export function createReload({ crew, places, log, check, onChange }: Parts) {
  let last = Promise.resolve()

  /** A signal during a reload leads to one more after it: the configuration may have changed again. */
  return () => {
    last = last.then(reload)
  }

  async function reload() {
    if (crew.isStopping) return
    onChange?.('reloading')
    try {
      await check?.()
      log.info({ processes: crew.places.length }, 'reloading: every process is replaced')
      for (const place of crew.places) await renew(place)
      log.info('reloaded')
    } catch (error) {
      log.error({ err: error }, 'not reloaded: all processes go on as they were')
    }
    onChange?.('reloaded')
  }

  async function renew(place: Place) {
    const predecessor = place.process
    // An empty place gets a process soon, and that one reads everything anew by itself.
    if (crew.isStopping || !predecessor) return
    await places.succeed(place)
    send(predecessor, { kura: 'stop', replaced: true })
  }
}
