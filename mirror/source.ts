/** A repository at its upstream, and for which other installations it is asked. */
import { UpstreamError } from '../upstream/error.ts'
import type { Upstream } from '../upstream/registry.ts'

export type Source = {
  upstream: Upstream
  /** Its name there. */
  remote: string
  /** The installations through which the client's request came: `findSteps`. */
  via: string | undefined
}

const mostSteps = 10
const installation = /^[\w./]{1,10}\s+(kura-[\da-f-]{1,40})(?:\s|$)/i

/**
 * What of a client's `Via` goes on to an upstream: the installations, by which one that leads back here is found out
 * (`upstream/via.ts`). All else is dropped, since an upstream may refuse a request for it.
 */
export function findSteps(via: string): string | undefined {
  const names = via.split(',').flatMap((step) => installation.exec(step.trim())?.[1] ?? [])
  const steps = names.slice(-mostSteps).map((name) => `1.1 ${name}`)
  return steps.length > 0 ? steps.join(', ') : undefined
}

/**
 * The name of a question, under which others wait for its answer. One that came through other installations has a
 * name of its own: a question of this installation may be waiting for it.
 */
export const questionOf = ({ via }: Source, name: string) => (via ? `${name} via ${via}` : name)

/** Whether other clients would meet this failure too: what an upstream answers may be due to this one's `Via`. */
export function isForAll({ via }: Source, error: unknown): boolean {
  if (via === undefined || !(error instanceof UpstreamError)) return true
  return error.status === undefined || error.status === 429
}
