/**
 * Lines that a stranger can cause as often as they like. Repeated ones are counted after a while and
 * told as a number, so that nobody fills the log, and nothing is lost from the count.
 */
import type { Logger } from 'pino'

type Options = {
  log: Logger
  level: 'info' | 'warn'
  /** How the lines are called that were not written and had no room of their own. */
  others: string
  /** How long is counted before what was left out is told, in milliseconds. */
  windowMs?: number
  /** Lines in that time: about the same, and about all. */
  mostAlike?: number
  mostLines?: number
  /** Kinds of lines whose repetitions are told apart. */
  mostKinds?: number
}

type Fields = Record<string, unknown>

/** `fields` and `message` make lines alike; `own` is of this one alone. */
type Line = { message: string; fields?: Fields; own?: Fields }

type Kind = { message: string; fields: Fields; times: number; unwritten: number }

export function createCounted({
  log,
  level,
  others,
  windowMs = 60_000,
  mostAlike = 20,
  mostLines = 300,
  mostKinds = 1_000,
}: Options) {
  const kinds = new Map<string, Kind>()
  let lines = 0
  /** Of kinds that there was no room for. */
  let unknown = 0
  let timer: NodeJS.Timeout | undefined

  return { write, close: tellRest }

  function write({ message, fields = {}, own }: Line): void {
    timer ??= setTimeout(tellRest, windowMs).unref()
    const kind = kindOf(message, fields)
    if (lines >= mostLines || (kind?.times ?? 0) >= mostAlike) {
      if (kind) kind.unwritten += 1
      else unknown += 1
      return
    }
    lines += 1
    if (kind) kind.times += 1
    log[level]({ ...fields, ...own }, message)
  }

  function kindOf(message: string, fields: Fields): Kind | undefined {
    const key = JSON.stringify([message, fields])
    const known = kinds.get(key)
    if (known || kinds.size >= mostKinds) return known
    const kind = { message, fields, times: 0, unwritten: 0 }
    kinds.set(key, kind)
    return kind
  }

  function tellRest(): void {
    clearTimeout(timer)
    timer = undefined
    const left = [...kinds.values()].filter((it) => it.unwritten > 0)
    const told = left.sort((one, other) => other.unwritten - one.unwritten).slice(0, mostAlike)
    for (const { message, fields, unwritten: times } of told) {
      log[level]({ ...fields, times }, `${message} more often than is written one by one`)
    }
    const rest = left.slice(mostAlike).reduce((sum, { unwritten }) => sum + unwritten, unknown)
    if (rest > 0) log[level]({ times: rest }, others)
    kinds.clear()
    lines = 0
    unknown = 0
  }
}
