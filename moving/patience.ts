/** Tries again what a registry could not do just now: after a while that grows, or when the registry says so. */
import { setTimeout } from 'node:timers/promises'
import { type Kind, UpstreamError } from '../upstream/error.ts'
import type { Call } from './places/place.ts'

const passing: readonly Kind[] = ['refused', 'cut', 'timeout', 'fault', 'limited']
const mostTries = 6
const longestWaitMs = 15 * 60_000

export type Patience = { call: Call; say: (line: string) => void; firstWaitMs?: number }

export async function withPatience<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      await waitAfter(error, tries, patience)
    }
  }
}

/** Rejects with `error` where waiting is of no use. */
export async function waitAfter(error: unknown, tries: number, patience: Patience): Promise<void> {
  const { call, say, firstWaitMs = 1000 } = patience
  call.signal?.throwIfAborted()
  if (!(error instanceof UpstreamError) || !passing.includes(error.kind)) throw error
  const told = error.retryAt ? error.retryAt.getTime() - Date.now() : 0
  const wait = Math.max(told, firstWaitMs * 2 ** (tries - 1))
  if (tries >= mostTries || wait > longestWaitMs) throw error
  say(`${error.message}; trying again in ${Math.ceil(wait / 1000)} s`)
  await setTimeout(wait, undefined, { signal: call.signal })
}
