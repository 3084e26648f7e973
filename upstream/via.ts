/**
 * How an installation notices that it asks itself. Each request to an upstream says in `Via` (RFC 9110, 7.6.3) which
 * installation makes it, and for which others; an installation refuses a request that has come through itself, with
 * 508. So an upstream that is this registry, or that leads back to it by any detour and any name, is found out by
 * the first request. A stranger who sends such a header is refused, and nobody else is.
 */
import { createHmac } from 'node:crypto'

/** As many installations as one request may come through. */
const mostSteps = 10

/** The same for all processes that share the secret, and nothing of which the secret can be told. */
export function installationName(secret: string): string {
  return `kura-${createHmac('sha256', secret).update('the name in Via').digest('hex').slice(0, 32)}`
}

/** Whether a request came through the installation `name`, or through more than anybody means. */
export function hasComeThrough(via: string | undefined, name: string): boolean {
  const steps = (via ?? '').split(',').map((step) => step.trim().split(/\s+/)[1])
  return (
    steps.includes(name) || steps.filter((step) => step?.startsWith('kura-')).length >= mostSteps
  )
}
