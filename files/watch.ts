/**
 * A value made of files, made again when they have changed. A look at the files answers a mark, which is the
 * same for as long as what they hold is. Files that an editor writes are settled once two looks in a row have
 * the same mark, so half of an edit is not taken for the whole. Files that cannot be used are reported once,
 * and the last good value stays.
 */
import { setTimeout as wait } from 'node:timers/promises'

export type Look<T> = { mark: string; make: () => T | Promise<T> }

type Options<T> = {
  /** Rejects for files that cannot be read. */
  look: () => Promise<Look<T>>
  /**
   * The time between two looks in a row. 0 for files that are whole from their first moment, as
   * files/create.ts and files/replace.ts make them: what they hold is taken as it is seen.
   */
  settleMs: number
  /** How long `get` answers without looking. */
  checkMs?: number
  report: (error: unknown) => void
  /** Hears of every value but the first. */
  onChange?: (value: T) => void
  /** Hears that the files hold again what the value was made of, after something that was reported. */
  onRecovery?: (value: T) => void
}

export type Watched<T> = ReturnType<typeof watch<T>>

/** For a file that an editor or a copy may be writing. */
export const editMs = 100

/** Files that do not come to rest are looked at again at the next check. */
const mostLooks = 5

export function watch<T>(options: Options<T>) {
  const { look, settleMs, checkMs = 0, report, onChange, onRecovery } = options
  let value: { it: T; mark: string } | undefined
  let refused: { mark: string; why: string } | undefined
  let checkedAt = Number.NEGATIVE_INFINITY
  let running: Promise<T> | undefined
  let timer: NodeJS.Timeout | undefined
  const closing = new AbortController()

  return { get, check, poll, close }

  /** Rejects only as long as there has never been a good value. */
  function get(): Promise<T> {
    const isFresh = value && performance.now() - checkedAt < checkMs
    return isFresh && value ? Promise.resolve(value.it) : check()
  }

  /** Looks now; all who ask meanwhile get the same answer. */
  function check(): Promise<T> {
    running ??= update().finally(() => {
      running = undefined
    })
    return running
  }

  /** Checks every so often. There has to be a value before. */
  function poll(everyMs: number): void {
    timer = setTimeout(async () => {
      await check()
      if (!closing.signal.aborted) poll(everyMs)
    }, everyMs).unref()
  }

  /** Nothing changes any more; resolves once nothing is read any more. */
  async function close(): Promise<void> {
    closing.abort()
    clearTimeout(timer)
    await running?.catch(() => {})
  }

  async function update(): Promise<T> {
    const found = await settled({ look, settleMs, signal: closing.signal, isKnown })
    if (found && found.mark !== value?.mark) await take(found)
    else if (found && refused && value) {
      refused = undefined
      onRecovery?.(value.it)
    }
    checkedAt = performance.now()
    if (!value) throw new Error('closed before there was a value')
    return value.it
  }

  async function take({ mark, make }: Look<T>): Promise<void> {
    const isFirst = value === undefined
    try {
      const it = await make()
      if (closing.signal.aborted) return
      value = { it, mark }
      refused = undefined
    } catch (error) {
      if (isFirst) throw error
      // It is tried again at each check, for some faults pass by themselves; one line is enough.
      if (String(error) !== refused?.why) report(error)
      refused = { mark, why: String(error) }
      return
    }
    if (!isFirst) onChange?.(value.it)
  }

  function isKnown({ mark }: Look<T>): boolean {
    return !value || settleMs === 0 || mark === value.mark || mark === refused?.mark
  }
}

type Settling<T> = {
  look: () => Promise<Look<T>>
  settleMs: number
  signal: AbortSignal
  /** Whether a second look would say no more. */
  isKnown: (look: Look<T>) => boolean
}

/** Undefined for files that have not come to rest, and once `signal` is aborted. */
async function settled<T>(options: Settling<T>): Promise<Look<T> | undefined> {
  const { look, settleMs, signal, isKnown } = options
  let last = await lookOrFault(look)
  for (let looks = 1; !isKnown(last); looks += 1) {
    if (looks === mostLooks) return undefined
    await wait(settleMs, undefined, { signal }).catch(() => {})
    if (signal.aborted) return undefined
    const next = await lookOrFault(look)
    if (next.mark === last.mark) return next
    last = next
  }
  return last
}

/** Files that cannot be read are a look too: another one may find them readable. */
async function lookOrFault<T>(look: () => Promise<Look<T>>): Promise<Look<T>> {
  try {
    return await look()
  } catch (error) {
    const make = () => {
      throw error
    }
    return { mark: `unreadable: ${error}`, make }
  }
}
