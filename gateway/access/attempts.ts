/**
 * Slows down whoever guesses passwords: by address, and by user for guesses that come from many
 * addresses. Who was right from an address before is not held up there by what others try.
 */
import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { LRUCache } from 'lru-cache'
import { createFailures } from './attempts-failures.ts'
import { LoginDelayed } from './passwords-delayed.ts'

export type Attempts = ReturnType<typeof createAttempts>

/** `unknown` is a check that did not come to an end, and counts for nothing. */
export type Outcome = 'right' | 'wrong' | 'unknown'

export type AttemptOptions = {
  /** Failures that cost nothing but their counting; a further one starts a delay, each a longer one. */
  free?: number
  /** How long it takes until one failure is forgiven. */
  forgiveMs?: number
  firstDelayMs?: number
  longestAddressDelayMs?: number
  /** Kept short: a stranger can bring it upon any user. */
  longestUserDelayMs?: number
  /** How many addresses, and how many users, are remembered. */
  most?: number
  now?: () => number
}

const familiarMs = 24 * 3_600_000

export function createAttempts({
  free = 10,
  forgiveMs = 6_000,
  firstDelayMs = 6_000,
  longestAddressDelayMs = 900_000,
  longestUserDelayMs = 30_000,
  most = 10_000,
  now = () => performance.now(),
}: AttemptOptions = {}) {
  const rules = { free, forgiveMs, firstDelayMs, most, now }
  const addresses = createFailures({ ...rules, longestDelayMs: longestAddressDelayMs })
  const users = createFailures({ ...rules, longestDelayMs: longestUserDelayMs })
  const familiar = new LRUCache<string, true>({
    max: most,
    ttl: familiarMs,
    ttlResolution: 0,
    perf: { now },
  })

  return { begin }

  /**
   * Throws LoginDelayed when it is too early for another try. Otherwise the try has begun, and what
   * is returned must be told once how it ended.
   */
  function begin(name: string, address: string): (outcome: Outcome) => void {
    const network = networkOf(address)
    const user = keyOf(name)
    const both = keyOf(`${user} ${network}`)
    // Without an address, as on a socket of the file system, all clients would count as one.
    const addressWait = network ? addresses.waitMs(network) : 0
    const isFamiliar = network !== '' && familiar.has(both)
    const userWait = isFamiliar ? 0 : users.waitMs(user)
    const waitMs = Math.max(addressWait, userWait)
    if (waitMs > 0) throw new LoginDelayed('too many failed logins', waitMs)

    if (network) addresses.begin(network)
    users.begin(user)
    return (outcome) => {
      if (network) addresses.end(network, outcome === 'wrong')
      users.end(user, outcome === 'wrong')
      if (outcome !== 'right') return
      // An address keeps its failures: its owner may have one good account and guess at others.
      users.forget(user)
      if (network) familiar.set(both, true)
    }
  }
}

/** Names come from strangers in any length; their digests are all of one. */
function keyOf(text: string): string {
  return createHash('sha256').update(text).digest('base64')
}

/**
 * What one client can move about in: an IPv4 address, or the 64 bits of an IPv6 network, since every
 * machine has 2^64 addresses there to choose from.
 */
export function networkOf(address: string): string {
  const [plain = ''] = address.split('%')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)
  if (mapped?.[1]) return mapped[1]
  if (!isIPv6(plain)) return address

  const [head = '', tail] = plain.toLowerCase().split('::')
  const left = head === '' ? [] : head.split(':')
  // An address that ends in dotted form has one group less than it stands for.
  const right = tail ? tail.replace(/\d+\.\d+\.\d+\.\d+$/, '0:0').split(':') : []
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length
  const groups = [...left, ...Array<string>(Math.max(0, zeros)).fill('0'), ...right].slice(0, 4)
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`
}
