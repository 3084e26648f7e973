/** The interface of a way to sign in, and whether clients are asked for kura's own tokens. */
import type { Logger } from 'pino'
import type { Config } from '../../config/schema.ts'
import type { Guesses } from '../../gateway/access/attempts/guesses.ts'
import type { CheckPassword, Login } from '../../gateway/access/authenticate.ts'
import type { ReportRefusal } from '../../gateway/access/refusal-lines.ts'
import type { Middleware } from '../../gateway/context.ts'
import type { Policy } from '../../policies/engine/decision.ts'

export type Entrance = { login: Login; tokens?: readonly Middleware[]; close?: () => Promise<void> }

export type EntranceParts = {
  log: Logger
  /** One that the processes of this machine share, until they end. */
  folder: string
  policy: () => Policy
  /** The memory of passwords that were tried, and the secret that its keys are made with. */
  guesses: Guesses
  secret: string
  reportRefusal: ReportRefusal
  /** The name here of a repository for which a token is asked. */
  nameHere: (repository: string) => string
}

export type OpenTokensParts = EntranceParts & {
  /** The hash that the htpasswd file has for a user now. */
  hashOf: (user: string) => string | undefined
  checkPassword: CheckPassword
}

/**
 * Plain passwords are asked for as registry:2 asks. With policies strangers may be let in to some
 * things, and clients send nothing to a registry that asks for passwords unless they have one.
 */
export function givesTokens({ auth, kura }: Config): boolean {
  const { challenge } = kura.tokens
  if (!auth?.htpasswd) return false
  return challenge === 'bearer' || (challenge === 'auto' && kura.policies !== undefined)
}
