/** Sign-in and policies as the configuration has them: the parts that the gateway asks. */
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import type { Login } from '../../gateway/access/authenticate.ts'
import { createChallenge } from '../../gateway/access/challenge.ts'
import { createBcryptPool } from '../../gateway/access/passwords/bcrypt-pool.ts'
import { openHtpasswd } from '../../gateway/access/passwords/htpasswd.ts'
import { withReasons } from '../../gateway/access/passwords/password-reasons.ts'
import { createPasswords } from '../../gateway/access/passwords/passwords.ts'
import { watchPolicies } from '../../gateway/access/policy-files.ts'
import type { Middleware } from '../../gateway/context.ts'
import { membersPolicy, openPolicy, type Policy } from '../../policies/engine/decision.ts'
import { ownName } from '../messages/own-name.ts'
import { type Entrance, type EntranceParts, givesTokens } from './entrance.ts'
import { openForeignTokens } from './foreign-tokens.ts'
import { openTokens } from './own-tokens.ts'

type Access = {
  login?: Login
  tokens?: readonly Middleware[]
  policy: () => Policy
  close: () => Promise<void>
}

/** Throws an error that an operator can act on. */
export async function openAccess(
  config: Config,
  parts: Omit<EntranceParts, 'policy'>,
): Promise<Access> {
  const policies = await openPolicies(config, parts.log)
  const { policy } = policies
  const entrance = await openEntrance(config, { ...parts, policy })

  return {
    ...entrance,
    policy,
    async close() {
      await Promise.all([policies.close(), entrance?.close?.()])
    },
  }
}

/** The policies of the files. Without any: all rights for members, or for all where nobody can sign in. */
export async function openPolicies({ auth, kura }: Config, log: Logger) {
  if (kura.policies) return watchPolicies({ folder: kura.policies, log })
  const standing = auth?.htpasswd ? membersPolicy : openPolicy
  return { policy: () => standing, close: async () => {} }
}

async function openEntrance(config: Config, parts: EntranceParts): Promise<Entrance | undefined> {
  if (config.auth?.token) return openForeignTokens(config, parts)
  if (!config.auth?.htpasswd) return undefined

  const { realm, path } = config.auth.htpasswd
  const htpasswd = await openHtpasswd({ path, log: parts.log, kura: ownName() })
  const passwords = createPasswords({
    htpasswd,
    pool: createBcryptPool(),
    guesses: parts.guesses,
    secret: parts.secret,
    report: (user) => parts.log.debug({ user }, 'a password was checked'),
  })
  const { find: hashOf } = htpasswd
  const checkPassword = withReasons(passwords.check, htpasswd)
  const tokens = await openTokens(config, { ...parts, hashOf, checkPassword })
  const challenge = givesTokens(config) ? tokens.challenge : { scheme: 'basic' as const, realm }
  return {
    login: { ...tokens.login, challenge: createChallenge(challenge) },
    tokens: [tokens.endpoint, tokens.publicKeys],
    async close() {
      await Promise.all([passwords.close(), tokens.close()])
    },
  }
}
