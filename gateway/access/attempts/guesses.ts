/**
 * The passwords that were tried of late: which were right or wrong, and how often a user or a network
 * failed. A guess is told before it is compared, and its outcome afterwards. This is the memory of one
 * process; guesses-redis.ts asks that of all.
 */
import { createFailures, type Wait } from './failures.ts'
import { createRemembered } from './remembered.ts'
import { type GuessRules, guessRules, knownMs, wrongMs } from './rules.ts'

/** Digests all; `network` is empty where the address is not known. */
export type Guess = {
  /** Of name, password and stored hash, under a key that no one else has. */
  secret: string
  user: string
  network: string
  pair: string
}

/** `unknown` is a check that did not come to an end, and counts for nothing. */
export type Outcome = 'right' | 'wrong' | 'unknown'

/** `go`: compare it; `wrong`: it was compared before; `busy`: others are being compared just now. */
export type Answer = { say: 'go' | 'wrong' | 'busy' } | { say: 'wait'; ms: number }

export type Guesses = {
  begin(guess: Guess): Promise<Answer>
  /** To be told of each guess that was to be compared. */
  end(guess: Guess, outcome: Outcome): Promise<void>
}

export type GuessOptions = {
  rules?: GuessRules
  /** How many of each kind are remembered. */
  most?: number
  now?: () => number
}

export function createGuesses({
  rules = guessRules,
  most = 10_000,
  now = () => performance.now(),
}: GuessOptions = {}): Guesses {
  const pairs = createFailures({ ...rules.pair, most, now })
  const users = createFailures({ ...rules.user, most, now })
  const networks = createFailures({ ...rules.network, most, now })
  const remember = (ttl: number) => createRemembered({ ttl, most, now })
  // Apart from each other, so that a flood of guesses forgets nobody who was right.
  const right = remember(knownMs)
  const wrong = remember(wrongMs)
  const rightPairs = remember(knownMs)
  const rightNetworks = remember(knownMs)

  return {
    async begin(guess) {
      if (wrong.has(guess.secret)) return { say: 'wrong' }
      const waits = right.has(guess.secret) ? waitsOfRight(guess) : waitsOf(guess)
      const longest = Math.max(0, ...waits.filter((it) => it !== 'busy'))
      if (longest > 0) return { say: 'wait', ms: longest }
      if (waits.includes('busy')) return { say: 'busy' }
      pairs.begin(guess.pair)
      users.begin(guess.user)
      if (guess.network) networks.begin(guess.network)
      return { say: 'go' }
    },

    async end({ secret, pair, user, network }, outcome) {
      const failed = outcome === 'wrong'
      pairs.end(pair, failed)
      users.end(user, failed)
      if (network) networks.end(network, failed)
      if (failed) wrong.set(secret, true)
      if (outcome !== 'right') return
      right.set(secret, true)
      pairs.forget(pair)
      if (!network) return
      rightPairs.set(pair, true)
      rightNetworks.set(network, true)
    },
  }

  /**
   * A right password is no guess in a network where its user was right before. Elsewhere it may be one,
   * and is delayed as a wrong one would be: an absent delay would tell the guesser that it is right.
   */
  function waitsOfRight({ pair }: Guess): Wait[] {
    return rightPairs.has(pair) ? [] : [pairs.waitOf(pair)]
  }

  /** Ann, who signed in from this network before, is held up there only by failures under her name. */
  function waitsOf({ pair, user, network }: Guess): Wait[] {
    const isKnown = rightPairs.has(pair)
    const isKnownPlace = rightNetworks.has(network)
    return [
      pairs.waitOf(pair),
      isKnown || isKnownPlace ? 0 : users.waitOf(user),
      isKnown || !network ? 0 : networks.waitOf(network),
    ]
  }
}
