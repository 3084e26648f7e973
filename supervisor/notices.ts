/**
 * Lines of the log that all processes of a machine have reason to write, such as that a file changed: the
 * processes send them to the supervisor, which writes each once. The lines of requests do not come this
 * way.
 */
import { LRUCache } from 'lru-cache'
import type { Output } from '../gateway/log/output.ts'

/** From a process to its supervisor. */
export type Notice = { kura: 'notice'; line: string }

/** Lines for developers may belong to requests, and be many. */
const isDebug = /\blevel"?[=:]"?debug\b/

/** The part of a process: a destination for its log. */
export function sendNotices(own: Output): Output {
  return {
    write(line) {
      const notice: Notice = { kura: 'notice', line }
      if (!process.connected || isDebug.test(line)) own.write(line)
      else process.send?.(notice, undefined, undefined, () => {})
    },
  }
}

/** Processes see the same at their own time, and may word the reason each in its own way. */
const ownParts = /(?:\btime|@timestamp|\breason)"?[=:](?:"(?:[^"\\]|\\.)*"|[^\s,}]*)/g

type Options = {
  output: Output
  /** How much later another process may say the same of the same event, in milliseconds. */
  togetherMs?: number
  /** Different lines that are remembered. */
  most?: number
  now?: () => number
}

/** One of the processes, and whether it has started. */
export type Sender = { id: number; isReady: boolean }
type Told = { at: number; atStart: boolean; by: Set<number> }

/** The supervisor's part. */
export function collectNotices({
  output,
  togetherMs = 60_000,
  most = 1_000,
  now = Date.now,
}: Options) {
  const told = new LRUCache<string, Told>({ max: most })

  return {
    /** A line that one process sends twice happened twice; the same line of another process did not. */
    take(line: string, { id, isReady }: Sender): void {
      const key = line.replaceAll(ownParts, '')
      const known = told.get(key)
      if (known && isSame(known, { id, isReady })) {
        known.by.add(id)
        return
      }
      told.set(key, { at: now(), atStart: !isReady, by: new Set([id]) })
      output.write(line)
    },
    /** After this everything is said anew: the configuration is read anew. */
    forget: () => told.clear(),
  }

  function isSame({ at, atStart, by }: Told, { id, isReady }: Sender): boolean {
    if (by.has(id)) return false
    // A process that starts later finds what the first one found, however long ago that was.
    return now() - at <= togetherMs || (atStart && !isReady)
  }
}
