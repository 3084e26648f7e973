/** `kura token revoke --user`: ends the sessions of a user, and every token given out before. */
import { ownName } from '../assembly/own-name.ts'
import type { KeptTokens } from './token-open.ts'

type Kept = Pick<KeptTokens, 'folder' | 'sessions' | 'endings' | 'fingerprints' | 'users'>

/** Throws for a name that nobody has, since it may be misspelt. */
export async function endTokensOf(
  kept: Kept,
  user: string,
  { note }: { note: (text: string) => void },
): Promise<void> {
  if (user.startsWith('robot:')) {
    const name = user.slice('robot:'.length)
    throw new Error(`${user} is a robot: ${ownName()} token revoke ${name} ends its token`)
  }
  await requireSomebody(kept, user)
  // First, so that nothing stays that is given out meanwhile.
  await kept.endings.end(user)
  const count = await kept.sessions.endAll(user)
  const sessions = `${count} ${count === 1 ? 'session' : 'sessions'}`
  note(`ended ${sessions} and all tokens of ${user} in ${kept.folder}; the password stays\n`)
}

/** A password, the trust in another issuer, or a session that is left. */
async function requireSomebody(kept: Kept, user: string): Promise<void> {
  // Where the passwords cannot be read, nobody can be said to be missing.
  if (!kept.users || (await kept.fingerprints.of(user)) !== undefined) return
  if ((await kept.sessions.list()).some((it) => it.user === user)) return
  throw new Error(`there is no user ${user}, and no session of one, in ${kept.folder}`)
}
