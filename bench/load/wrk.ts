/** `wrk` for requests that are small and always the same: it costs a tenth of a client in JavaScript. */
import { run } from '../../test/support/run.ts'
import type { Outcome } from './lanes.ts'

type Requests = { wrk: string; headers: Record<string, string> }
type Options = { connections: number; seconds: number }

export async function runWrk(
  { wrk: url, headers }: Requests,
  { connections, seconds }: Options,
): Promise<Outcome> {
  const lines = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const size = ['-t', '1', '-c', `${connections}`, '-d', `${Math.ceil(seconds)}s`]
  return readWrk(await run('wrk', [...size, ...lines, url]))
}

/** Throws when any request was not answered with what was asked for. */
export function readWrk(text: string): Outcome {
  const failed = /^\s*(?:Non-2xx or 3xx responses|Socket errors):.*$/m.exec(text)?.[0]
  const operations = Number(/^\s*(\d+) requests in /m.exec(text)?.[1])
  const perSecond = Number(/^Requests\/sec:\s*([\d.]+)$/m.exec(text)?.[1])
  if (failed || !(operations > 0) || !(perSecond > 0)) {
    throw new Error(`wrk: ${failed?.trim() ?? 'nothing was answered'}\n${text}`)
  }
  return { perSecond, operations }
}
