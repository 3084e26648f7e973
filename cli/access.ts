/** Who gets in and what they may do, as the configuration has it: the parts the gateway asks. */
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import { createAttempts } from '../gateway/access/attempts.ts'
import type { Login } from '../gateway/access/authenticate.ts'
import { createBcryptPool } from '../gateway/access/bcrypt-pool.ts'
import { createChallenge } from '../gateway/access/challenge.ts'
import { openHtpasswd } from '../gateway/access/htpasswd.ts'
import { createPasswords } from '../gateway/access/passwords.ts'
import { watchPolicies } from '../gateway/access/policy-files.ts'
import { membersPolicy, openPolicy, type Policy } from '../policies/decision.ts'

type Access = {
  login: Login | undefined
  policy: () => Policy
  close: () => Promise<void>
}

/** Throws an error that an operator can act on. */
export async function openAccess({ auth, kura }: Config, log: Logger): Promise<Access> {
  const policies = kura.policies ? await watchPolicies({ folder: kura.policies, log }) : undefined
  const byPassword = auth?.htpasswd ? await openPasswords(auth.htpasswd, log) : undefined
  const standing = byPassword ? membersPolicy : openPolicy

  return {
    login: byPassword?.login,
    policy: policies?.policy ?? (() => standing),
    async close() {
      await Promise.all([policies?.close(), byPassword?.close()])
    },
  }
}

async function openPasswords({ realm, path }: { realm: string; path: string }, log: Logger) {
  const passwords = createPasswords({
    htpasswd: await openHtpasswd({ path, log }),
    pool: createBcryptPool(),
    attempts: createAttempts(),
  })
  const challenge = createChallenge({ scheme: 'basic', realm })
  return { login: { challenge, checkPassword: passwords.check }, close: passwords.close }
}
