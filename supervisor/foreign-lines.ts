/**
 * Lines that Node and the libraries write to the console by themselves become lines of the log: in its
 * form, at its level, and once for all processes.
 */
import { format } from 'node:util'
import type { Logger } from 'pino'

/** These lines are for programmers: an operator could change nothing about them. */
const forDevelopers = new Set(['DeprecationWarning', 'ExperimentalWarning'])

export function takeForeignLines(log: Pick<Logger, 'debug' | 'warn'>): void {
  // A library's line may hold a stack of many lines, and kura logs by itself what an operator needs.
  const say = (...parts: unknown[]) => log.debug(`a library says: ${format(...parts)}`)
  for (const method of ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const) {
    console[method] = say
  }
  // Without one, Node was told to keep its warnings to itself.
  if (process.listenerCount('warning') === 0) return
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => {
    log[forDevelopers.has(name) ? 'debug' : 'warn'](message)
  })
}
