/**
 * The outcomes of comparisons that this process remembers for a while: of guesses, of users in a network,
 * and of networks.
 */
import type { Guess, Outcome } from '../attempts/guesses.ts'
import { createRemembered } from '../attempts/remembered.ts'
import { knownMs, wrongMs } from '../attempts/rules.ts'
import type { Standing } from './password-line.ts'
import type { Source } from './password-queues.ts'

type Options = { rightMs: number; most: number; now: () => number }

export function createOutcomes({ rightMs, most, now }: Options) {
  const remember = (ttl: number) => createRemembered({ ttl, most, now })
  // Apart from each other, so that a flood of wrong guesses pushes out no right one.
  const right = remember(rightMs)
  const rightThere = remember(rightMs)
  const wrong = remember(wrongMs)
  /** Pairs and networks with a right password, and networks with a wrong one. */
  const known = remember(knownMs)
  const failed = remember(wrongMs)

  return {
    isWrong: ({ secret }: Guess) => wrong.has(secret),
    isRight: ({ secret }: Guess) => right.has(secret),
    /** It was right in its network; a guess that was right elsewhere only is not. */
    isRightThere: (guess: Guess) => rightThere.has(rightAt(guess)),

    keepWrong({ secret }: Guess): void {
      wrong.set(secret, true)
    },

    keep(guess: Guess, outcome: Outcome): void {
      const { secret, network } = guess
      if (outcome === 'right') {
        // A guess that was compared anywhere lasts no longer for having been used elsewhere.
        if (!right.has(secret)) right.set(secret, true)
        rightThere.set(rightAt(guess), true, { ttl: right.getRemainingTTL(secret) })
        known.set(placeOf(guess), true).set(network, true)
      } else {
        wrong.set(secret, true)
        failed.set(network, true)
      }
    },

    standingOf(source: Source): Standing {
      if (known.has(placeOf(source))) return 'known'
      if (failed.has(source.network)) return 'failed'
      return known.has(source.network) ? 'known' : 'new'
    },
  }
}

const rightAt = ({ secret, network }: Guess) => `${secret} ${network}`
const placeOf = ({ user, network }: Source) => `${user} ${network}`
