/**
 * What Node and the libraries write to the console by themselves becomes lines of the log: in its form,
 * at its level, and once for all processes.
 */
import { format } from 'node:util'
import type { Logger } from 'pino'

/** For whoever writes programs, and nothing that an operator could change. */
const forDevelopers = new Set(['DeprecationWarning', 'ExperimentalWarning'])

export function takeForeignLines(log: Pick<Logger, 'debug' | 'warn'>): void {
  // What is worth a word, kura says itself; beside that these lines may have stacks and many lines.
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
