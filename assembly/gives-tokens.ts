/** Whether clients are asked for tokens that kura gives out, or for passwords. */
import type { Config } from '../config/schema.ts'

/**
 * Plain passwords are asked for as registry:2 asks. With policies strangers may be let in to some
 * things, and clients send nothing to a registry that asks for passwords unless they have one.
 */
export function givesTokens({ auth, kura }: Config): boolean {
  const { challenge } = kura.tokens
  if (!auth?.htpasswd) return false
  return challenge === 'bearer' || (challenge === 'auto' && kura.policies !== undefined)
}
