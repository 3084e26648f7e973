/**
 * Where the processes of a machine, and the machines beside a Redis, keep what they know of passwords
 * that were tried: in the supervisor, and in Redis before it. So ten wrong ones are ten for all.
 */
import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import {
  createGuesses,
  type Guess,
  type Guesses,
  type Outcome,
} from '../../gateway/access/attempts/guesses.ts'
import { createRedisGuesses } from '../../gateway/access/attempts/guesses-redis.ts'
import type { Redis } from '../../registry/redis/open.ts'
import { type Ask, askOf } from '../../supervisor/asking.ts'
import { findSharedSecret } from '../shared-secret.ts'

type Question = { what: 'begin'; guess: Guess } | { what: 'end'; guess: Guess; outcome: Outcome }

/** The supervisor's part: answers what its processes ask. */
export function answerGuesses(): Ask {
  const guesses = createGuesses()
  return async (question) => {
    const it = question as Question
    return it.what === 'begin' ? guesses.begin(it.guess) : guesses.end(it.guess, it.outcome)
  }
}

type Parts = { ask: Ask; redis: Redis | undefined; log: Logger }

/** A process's part. */
export function openSharedGuesses({ ask, redis, log }: Parts): Guesses {
  const fallback = ofMachine(askOf(ask, 'guesses'), log)
  return redis ? createRedisGuesses({ run: redis.run, fallback }) : fallback
}

/** Without an answer the process goes by what it knows itself, so that people can still sign in. */
function ofMachine(ask: Ask, log: Logger): Guesses {
  const own = createGuesses()
  const report = (err: unknown) => log.debug({ err }, 'failed logins are counted in this process')
  return {
    async begin(guess) {
      try {
        return (await ask({ what: 'begin', guess })) as Awaited<ReturnType<Guesses['begin']>>
      } catch (error) {
        report(error)
        return own.begin(guess)
      }
    },
    async end(guess, outcome) {
      await Promise.all([
        own.end(guess, outcome),
        ask({ what: 'end', guess, outcome }).catch(report),
      ])
    },
  }
}

/** The secret for the keys of guesses: one for all machines, where `http.secret` cannot be guessed. */
export function guessSecret(config: Config, ofThisMachine: string): string {
  const secret = findSharedSecret(config) ?? ofThisMachine
  return createHash('sha256').update(`guesses ${secret}`).digest('base64url')
}
