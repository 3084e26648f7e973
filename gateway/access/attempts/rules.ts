/**
 * How many wrong passwords hold: of a user at an address, of a user everywhere, of an address with all
 * its users. docs/access.md tells these numbers. Only the first is low, because only there nobody else
 * is held up; the others slow down those who guess with many names, or from many addresses.
 */
export type GuessRule = {
  /** Failures that cost nothing but their counting; a further one starts a delay. */
  free: number
  /** How long it takes until one failure is forgiven. */
  forgiveMs: number
  /** Each delay is twice as long as the one before, up to the longest. */
  firstDelayMs: number
  longestDelayMs: number
}

export type GuessRules = Record<'pair' | 'user' | 'network', GuessRule>

export const guessRules: GuessRules = {
  pair: { free: 10, forgiveMs: 600_000, firstDelayMs: 6_000, longestDelayMs: 900_000 },
  user: { free: 1_000, forgiveMs: 10_000, firstDelayMs: 10_000, longestDelayMs: 10_000 },
  network: { free: 1_000, forgiveMs: 1_000, firstDelayMs: 1_000, longestDelayMs: 1_000 },
}

/** Without a failure for this long, all is forgotten: the delays begin anew. */
export const forgetMs = 3_600_000
/** A check that nobody told the end of, because its process died, is over after this. */
export const lostMs = 60_000
/** For how long a user with a right password, and the address it came from, are known for it. */
export const knownMs = 24 * 3_600_000
/** For how long a wrong password that is repeated is neither compared nor counted again. */
export const wrongMs = 3_600_000
