/**
 * How often and how soon a failed request is sent again. The SDK's own way shares a budget among all
 * requests, which a short brown-out under load uses up; pushes would fail that only had to wait.
 */
import type { S3ClientConfig } from '@aws-sdk/client-s3'

type Strategy = Exclude<NonNullable<S3ClientConfig['retryStrategy']>, { retry: unknown }>

const firstMs = 100
const longestMs = 5000

type Options = {
  attempts: number
  /** After so long it is not tried again, however few attempts there were. */
  patienceMs: number
}

export function createRetries({ attempts, patienceMs }: Options): Strategy {
  const token = (count: number, delay: number, until: number) => ({
    getRetryCount: () => count,
    getRetryDelay: () => delay,
    until,
  })
  return {
    acquireInitialRetryToken: async () => token(0, 0, performance.now() + patienceMs),
    async refreshRetryTokenForRetry(last, { error, errorType, retryAfterHint }) {
      const count = last.getRetryCount() + 1
      const { until } = last as ReturnType<typeof token>
      const isOver = count >= attempts || performance.now() >= until
      if (isOver || !isWorthIt(error, errorType)) throw error
      return token(count, delayBefore(count, retryAfterHint), until)
    },
    recordSuccess() {},
  }
}

/** TRANSIENT beside what is unavailable: a clock that is wrong, for which the SDK now allows. */
function isWorthIt(error: unknown, type: string): boolean {
  const { code, cause } = Object(error) as { code?: string; cause?: unknown }
  return code === 'EUNAVAILABLE' || (type === 'TRANSIENT' && !cause)
}

/** Half of it is by chance, so that what failed together does not come back together. */
function delayBefore(count: number, hint: Date | undefined): number {
  const longest = Math.min(longestMs, firstMs * 2 ** (count - 1))
  const asked = hint ? Math.min(longestMs, hint.getTime() - Date.now()) : 0
  return Math.max(asked, longest / 2 + (Math.random() * longest) / 2)
}
