/**
 * The key set of another issuer, fetched from its URL: kept for a while, fetched again early when a
 * token names a key that is not in it, and kept for as long as a fetch fails.
 */
import { refuseUnsafeUrl } from '../verify/issuers.ts'
import { parseJwks, type TrustedKey } from './key-set.ts'

export type JwksUrlOptions = {
  url: string
  /** How long a set is used before it is fetched again. */
  maxAgeMs?: number
  /** The least time between two fetches, whatever tokens strangers make up. */
  cooldownMs?: number
  timeoutMs?: number
  /** Trust a certificate authority or an agent of one's own: tests do. */
  fetch?: typeof globalThis.fetch
  report: (error: unknown) => void
}

type Found = { keys: TrustedKey[] }

const longest = 1024 * 1024

/** Throws for a URL that a machine on the way could answer in the issuer's place. */
export function createJwksUrl({
  url,
  maxAgeMs = 600_000,
  cooldownMs = 30_000,
  timeoutMs = 3000,
  fetch = globalThis.fetch,
  report,
}: JwksUrlOptions) {
  refuseUnsafeUrl(url)
  let found: Found = { keys: [] }
  let triedAt = Number.NEGATIVE_INFINITY
  let freshUntil = Number.NEGATIVE_INFINITY
  let running: Promise<Found> | undefined

  return {
    async get(): Promise<Found> {
      if (performance.now() < freshUntil) return found
      // A set that is old still serves while the next one is on its way.
      const next = refresh()
      return found.keys.length > 0 ? found : next
    },

    check: (): Promise<Found> => refresh(),
  }

  function refresh(): Promise<Found> {
    if (running) return running
    if (performance.now() - triedAt < cooldownMs) return Promise.resolve(found)
    triedAt = performance.now()
    running = update().finally(() => {
      running = undefined
    })
    return running
  }

  async function update(): Promise<Found> {
    try {
      found = { keys: parseJwks(await download(), report) }
      freshUntil = performance.now() + maxAgeMs
    } catch (error) {
      report(new Error(`the keys at ${url} could not be read`, { cause: error }))
    }
    return found
  }

  async function download(): Promise<string> {
    const answer = await fetch(url, {
      headers: { Accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (!answer.ok || !answer.body) throw new Error(`the answer was ${answer.status}`)
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of answer.body) {
      length += chunk.length
      if (length > longest) throw new Error(`the answer is longer than ${longest} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }
}
