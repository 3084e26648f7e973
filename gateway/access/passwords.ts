/**
 * Checks a name and a password. A comparison takes long, so its outcome is remembered for a while,
 * under a key made of the stored hash too: a changed password or a removed user is out at once.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Identity } from '../../registry/spec/call.ts'
import type { Attempts } from './attempts.ts'
import { nobodysHash } from './bcrypt-limits.ts'
import type { BcryptPool } from './bcrypt-pool.ts'
import type { Htpasswd } from './htpasswd.ts'

export type PasswordParts = {
  htpasswd: Htpasswd
  pool: BcryptPool
  attempts: Attempts
  /** For how long a right password is not compared again. */
  rightMs?: number
  /** For how long a wrong one is not; a client that repeats it is neither helped nor counted. */
  wrongMs?: number
  most?: number
  now?: () => number
  /** Hears of each comparison; the name is undefined where it is no user's, and may be anything. */
  report?: (user: string | undefined) => void
}

export function createPasswords({
  htpasswd,
  pool,
  attempts,
  rightMs = 300_000,
  wrongMs = 60_000,
  most = 10_000,
  now = () => performance.now(),
  report = () => {},
}: PasswordParts) {
  const secret = randomBytes(32)
  // Apart from each other, so that a flood of guesses forgets nobody who was right.
  const right = new LRUCache<string, true>({
    max: most,
    ttl: rightMs,
    ttlResolution: 0,
    perf: { now },
  })
  const wrong = new LRUCache<string, true>({
    max: most,
    ttl: wrongMs,
    ttlResolution: 0,
    perf: { now },
  })
  const running = new Map<string, Promise<boolean>>()

  return { check, close }

  /**
   * Undefined when this is not a user's password. Throws LoginDelayed when it was not even looked
   * at. What was found right is never delayed.
   */
  async function check(
    name: string,
    password: string,
    address: string,
  ): Promise<Identity | undefined> {
    const hash = htpasswd.find(name)
    const key = keyOf(name, password, hash)
    if (wrong.has(key)) return undefined
    if (!right.has(key) && !(await verified({ key, name, password, hash, address }))) {
      return undefined
    }
    return { name, groups: [], method: 'htpasswd' }
  }

  async function close() {
    htpasswd.close()
    await pool.close()
  }

  type Guess = {
    key: string
    name: string
    password: string
    hash: string | undefined
    address: string
  }

  /** The same guess at the same time is one comparison and one attempt. */
  function verified(guess: Guess): Promise<boolean> {
    const known = running.get(guess.key)
    if (known) return known
    const settle = attempts.begin(guess.name, guess.address)
    const started = compare(guess)
      .then(
        (isRight) => {
          settle(isRight ? 'right' : 'wrong')
          ;(isRight ? right : wrong).set(guess.key, true)
          return isRight
        },
        (error) => {
          settle('unknown')
          throw error
        },
      )
      .finally(() => running.delete(guess.key))
    running.set(guess.key, started)
    return started
  }

  /** Takes as long for a name that nobody has, so that time does not tell which names exist. */
  async function compare({ name, password, hash }: Guess): Promise<boolean> {
    report(hash === undefined ? undefined : name)
    const matches = await pool.compare(password, hash ?? nobodysHash(htpasswd.usualCost()))
    // The line may have been long, and the file may have changed meanwhile.
    return matches && hash !== undefined && htpasswd.find(name) === hash
  }

  /** The secret is this process's own: a key found in its memory says nothing about the password. */
  function keyOf(name: string, password: string, hash: string | undefined): string {
    const parts = JSON.stringify([name, password, hash ?? null])
    return createHmac('sha256', secret).update(parts).digest('base64')
  }
}
