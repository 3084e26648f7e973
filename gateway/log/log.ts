/** The application log: pino, on stderr, in one of the formats that distribution writes. */
import { fileURLToPath } from 'node:url'
import { getCallSites } from 'node:util'
import { type Logger, type LoggerOptions, pino } from 'pino'
import { formats, levelWords } from './format.ts'
import { type Output, openOutput } from './output.ts'

export type LogOptions = {
  level: 'error' | 'warn' | 'info' | 'debug'
  formatter: keyof typeof formats
  /** Written with every line. */
  fields: Record<string, unknown>
  /** Whether each line names the function, file and line it comes from. */
  reportcaller: boolean
}

export function createLog(options: LogOptions, output: Output = openOutput(2)): Logger {
  const { messageKey, stamp, line } = formats[options.formatter]
  const settings: LoggerOptions = {
    level: options.level,
    base: withoutClashes(options.fields),
    messageKey,
    timestamp: stamp,
    formatters: { level: (label) => ({ level: levelWords[label] ?? label }) },
  }
  if (options.reportcaller) settings.mixin = caller
  return pino(settings, line ? { write: (json: string) => output.write(line(json)) } : output)
}

const taken = new Set(['time', 'level', 'msg', 'func', 'file', '@timestamp', '@version', 'message'])

/** A configured field may not stand in for what a line says of itself. */
function withoutClashes(fields: Record<string, unknown>): Record<string, unknown> {
  const renamed = Object.entries(fields).map(([key, value]) => [
    taken.has(key) ? `fields.${key}` : key,
    value,
  ])
  return Object.fromEntries(renamed)
}

/** The function of pino that each of a logger's methods is. A release has pino in the files of kura. */
const method = 'LOG'

function caller() {
  const sites = getCallSites(20)
  const site = sites[sites.findLastIndex(({ functionName }) => functionName === method) + 1]
  if (!site) return {}
  const { functionName: func, scriptName, lineNumber } = site
  const file = scriptName.startsWith('file:') ? fileURLToPath(scriptName) : scriptName
  return { func, file: `${file}:${lineNumber}` }
}
