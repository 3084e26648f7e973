/**
 * Ties a token to the credential it was given out for, so that it ends when that does: the line of a
 * user in the htpasswd file, the record of a robot, the entry of a trusted issuer. The token carries a
 * keyed digest, which helps nobody to guess at a password.
 */
import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Identity } from '../../../registry/protocol/call.ts'
import type { Robots } from '../robots.ts'
import type { Endings } from './endings.ts'
import { quote, TokenRefused } from './refused.ts'

/** The claim that carries a fingerprint; no other issuer writes it. */
export const credentialClaim = 'kura_credential'

export type FingerprintParts = {
  /** The same for all gateways, and for as long as a token may live. */
  key: Uint8Array
  /** The hash that the htpasswd file has for a user now. */
  hashOf: (user: string) => string | undefined
  robots: Pick<Robots, 'recordOf' | 'check'>
  /** The settings of other issuers, by the prefix of the names that come from there. */
  issuers: ReadonlyMap<string, string>
  endings: Pick<Endings, 'markOf' | 'check'>
}

/** A user to give a token to. That of a stranger is tied to nothing. */
export type SignedIn = { identity: Identity; fingerprint?: string }

export type Fingerprints = ReturnType<typeof createFingerprints>

type Made = { credential: string; mark: string | undefined; fingerprint: string }

const bytes = 16
const mostRemembered = 10_000

export function createFingerprints(parts: FingerprintParts) {
  const { key, hashOf, robots, issuers, endings } = parts
  const known = new LRUCache<string, Made>({ max: mostRemembered })
  return { of, confirm }

  /** The fingerprint that ties a token to this name's credential now; undefined where it has none. */
  async function of(name: string): Promise<string | undefined> {
    const credential = await credentialOf(name)
    if (credential === undefined) return undefined
    const mark = await endings.markOf(name)
    const made = known.get(name)
    if (made?.credential === credential && made.mark === mark) return made.fingerprint

    const text = JSON.stringify([name, credential, mark ?? null])
    const fingerprint = createHmac('sha256', key).update(text).digest()
    const short = fingerprint.subarray(0, bytes).toString('base64url')
    known.set(name, { credential, mark, fingerprint: short })
    return short
  }

  /** Throws `TokenRefused` for a token whose credential is gone or another by now. */
  async function confirm(name: string, fingerprint: unknown): Promise<void> {
    if (typeof fingerprint !== 'string') {
      throw new TokenRefused(`it does not say which credential of ${quote(name)} it is tied to`, {
        user: name,
      })
    }
    if ((await of(name)) === fingerprint) return
    // It may be tied to something that another process has seen before this one.
    await Promise.all([endings.check(), robots.check()])
    if ((await of(name)) === fingerprint) return
    throw new TokenRefused(
      `the credential of ${quote(name)} that it is tied to is no longer good`,
      {
        user: name,
      },
    )
  }

  /** No user of a htpasswd file has a colon in the name; robots and other issuers always do. */
  async function credentialOf(name: string): Promise<string | undefined> {
    const colon = name.indexOf(':')
    if (colon < 0) return hashOf(name)
    const prefix = name.slice(0, colon)
    return prefix === 'robot' ? robots.recordOf(name.slice(colon + 1)) : issuers.get(prefix)
  }
}
