/** How often a registry lets itself be asked: `Retry-After` of RFC 9110, and `RateLimit-*` as Docker Hub sends it. */
import { type Answer, headerOf } from './transport.ts'

export type RateLimit = {
  limit: number | undefined
  remaining: number
  windowSeconds: number | undefined
  resetAt: Date | undefined
}

/** A day: a longer pause is one that nobody meant. */
const longest = 86_400_000

/** When to ask again, from a number of seconds or from a date. */
export function findRetryAt(answer: Pick<Answer, 'headers'>, now: number): Date | undefined {
  const text = headerOf(answer, 'retry-after')?.trim()
  if (text === undefined) return undefined
  const at = /^\d{1,10}$/.test(text) ? now + Number(text) * 1000 : Date.parse(text)
  if (Number.isNaN(at)) return undefined
  return new Date(Math.min(Math.max(at, now), now + longest))
}

/** Undefined where the answer says nothing of it. */
export function findRateLimit(answer: Pick<Answer, 'headers'>, now: number): RateLimit | undefined {
  const remaining = readQuota(headerOf(answer, 'ratelimit-remaining'))
  if (!remaining) return undefined
  const limit = readQuota(headerOf(answer, 'ratelimit-limit'))
  const reset = readQuota(headerOf(answer, 'ratelimit-reset'))?.count
  return {
    limit: limit?.count,
    remaining: remaining.count,
    windowSeconds: limit?.window ?? remaining.window,
    resetAt: reset === undefined ? undefined : new Date(now + Math.min(reset * 1000, longest)),
  }
}

/** `76;w=21600` is 76 in six hours. */
function readQuota(text: string | undefined) {
  const found = /^\s*(\d{1,12})(?:\s*;\s*w=(\d{1,9}))?/.exec(text ?? '')
  if (!found) return undefined
  return { count: Number(found[1]), window: found[2] === undefined ? undefined : Number(found[2]) }
}
