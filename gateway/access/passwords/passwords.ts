/**
 * Checks a name and a password. A comparison takes long, so its outcome is remembered for a while,
 * under a key made of the stored hash too: a changed password or a removed user is out at once.
 */
import { createHash, createHmac } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import type { Identity } from '../../../registry/protocol/call.ts'
import type { Guess, Guesses, Outcome } from '../attempts/guesses.ts'
import { LoginDelayed } from '../login-errors.ts'
import { networkOf } from '../network-of.ts'
import { nobodysHash } from './bcrypt-limits.ts'
import type { BcryptPool } from './bcrypt-pool.ts'
import type { Htpasswd } from './htpasswd.ts'
import { createOutcomes } from './outcomes.ts'
import { createPasswordLine } from './password-line.ts'

export type PasswordParts = {
  htpasswd: Htpasswd
  pool: BcryptPool
  guesses: Guesses
  /** The same for all that share the memory of guesses; to others its keys say nothing. */
  secret: string
  /** For how long a right password is not compared again. */
  rightMs?: number
  most?: number
  mostWaiting?: number
  now?: () => number
  /** Hears of each comparison; the name is undefined where it is no user's, and may be anything. */
  report?: (user: string | undefined) => void
}

type Login = { name: string; password: string; hash: string | undefined }
type Asked = Login & { guess: Guess }
type Comparing = Required<Pick<PasswordParts, 'htpasswd' | 'pool' | 'report'>>

/** Between two looks whether a guess may be compared by now, and how many there are. */
const busyMs = 100
const mostLooks = 50

export function createPasswords({
  htpasswd,
  pool,
  guesses,
  secret,
  rightMs = 300_000,
  most = 10_000,
  mostWaiting,
  now = () => performance.now(),
  report = () => {},
}: PasswordParts) {
  const comparing = { htpasswd, pool, report }
  const outcomes = createOutcomes({ rightMs, most, now })
  const running = new Map<string, Promise<boolean>>()
  const line = createPasswordLine({
    standingOf: outcomes.standingOf,
    ...(mostWaiting !== undefined && { mostWaiting }),
  })

  return { check, close }

  /**
   * Undefined when this is not a user's password. Throws LoginDelayed when it was not even looked
   * at. A right password is never delayed in a network where it was right before. In another one the
   * failures under its name come first, or guesses could go on for as long as its user is signed in.
   */
  async function check(
    name: string,
    password: string,
    address: string,
  ): Promise<Identity | undefined> {
    const hash = htpasswd.find(name)
    const login = { name, password, hash }
    const guess = guessOf(login, networkOf(address), secret)
    if (outcomes.isWrong(guess)) return undefined
    const isRight = outcomes.isRightThere(guess) || (await verified({ ...login, guess }))
    return isRight ? { name, groups: [], method: 'htpasswd' } : undefined
  }

  async function close() {
    htpasswd.close()
    await pool.close()
  }

  /** The same guess at the same time is one comparison and one attempt. */
  function verified(asked: Asked): Promise<boolean> {
    const { secret: key } = asked.guess
    const found = running.get(key)
    if (found) return found
    const started = inTurn(asked).finally(() => running.delete(key))
    running.set(key, started)
    return started
  }

  /** Others may be comparing guesses about the same user: how many more there may be, they will tell. */
  async function inTurn(asked: Asked): Promise<boolean> {
    for (let looks = 0; looks < mostLooks; looks += 1) {
      const found = await line.run(asked.guess, () => attempt(asked))
      if (found !== 'busy') return found
      await wait(busyMs)
    }
    throw new LoginDelayed('too many logins of this user at once', busyMs)
  }

  async function attempt(asked: Asked): Promise<boolean | 'busy'> {
    const { guess } = asked
    const answer = await guesses.begin(guess)
    if (answer.say === 'busy') return 'busy'
    if (answer.say === 'wait') throw new LoginDelayed('too many failed logins', answer.ms)
    if (answer.say === 'wrong') {
      outcomes.keepWrong(guess)
      return false
    }
    let outcome: Outcome = 'unknown'
    try {
      outcome = outcomes.isRight(guess) || (await compare(asked, comparing)) ? 'right' : 'wrong'
    } finally {
      await guesses.end(guess, outcome)
    }
    outcomes.keep(guess, outcome)
    return outcome === 'right'
  }
}

/** Takes as long for a name that nobody has, so that time does not tell which names exist. */
async function compare(
  { name, password, hash }: Login,
  { htpasswd, pool, report }: Comparing,
): Promise<boolean> {
  report(hash === undefined ? undefined : name)
  const dearest = htpasswd.dearestCost()
  const matches = await pool.compare({ password, hash: hash ?? nobodysHash(dearest), dearest })
  // The line may have been long, and the file may have changed meanwhile.
  return matches && hash !== undefined && htpasswd.find(name) === hash
}

function guessOf({ name, password, hash }: Login, network: string, secret: string): Guess {
  const parts = JSON.stringify([name, password, hash ?? null])
  const user = keyOf(name)
  return {
    // A key found in a memory or a store says nothing about the password.
    secret: createHmac('sha256', secret).update(parts).digest('base64url'),
    user,
    network,
    pair: keyOf(`${user} ${network}`),
  }
}

/** Names come from strangers in any length; their digests are all of one. */
function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
