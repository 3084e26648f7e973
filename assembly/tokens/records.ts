/**
 * The records of the tokens that kura has given out: robots, sessions of people, the users whose tokens
 * were ended, and the tie of each to its credential. The server and `kura token` open the same.
 */
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import { createSessions } from '../../gateway/access/issue/sessions.ts'
import { openRobots } from '../../gateway/access/robots.ts'
import { openEndings } from '../../gateway/access/verify/endings.ts'
import { createFingerprints } from '../../gateway/access/verify/fingerprints.ts'
import { openFingerprintKeyOf } from './keys.ts'

type Parts = {
  folder: string
  report: (error: unknown) => void
  /** The hash that the htpasswd file has for a user now. */
  hashOf: (user: string) => string | undefined
}

export type TokenRecords = Awaited<ReturnType<typeof openTokenRecords>>

export async function openTokenRecords(config: Config, { folder, report, hashOf }: Parts) {
  const key = await openFingerprintKeyOf(config, folder)
  const robots = await openRobots({ folder: join(folder, 'tokens'), report })
  const sessions = createSessions({ folder: join(folder, 'sessions'), report })
  const endings = await openEndings({ folder, report })
  const issuers = issuersOf(config)
  const fingerprints = createFingerprints({ key, hashOf, robots, issuers, endings })
  return { folder, robots, sessions, endings, fingerprints }
}

/** All that is configured of the issuers whose names begin alike: with any change, their tokens end. */
function issuersOf({ kura }: Config): ReadonlyMap<string, string> {
  const byPrefix = Map.groupBy(kura.tokens.trust, ({ prefix }) => prefix)
  return new Map([...byPrefix].map(([prefix, entries]) => [prefix, JSON.stringify(entries)]))
}
