/**
 * Why a token was refused. The reason is for the log: it may quote what the token claims of itself,
 * never the token, and never goes into an answer.
 */
import type { Identity } from '../../../registry/protocol/call.ts'
import { LoginRefused } from '../login-errors.ts'

type Options = {
  cause?: unknown
  /** The user of the token, where its signature has been found good. */
  user?: string
  /** Set when the token is right in every way but that its time has passed. */
  expired?: { identity: Identity; at: Date }
}

export class TokenRefused extends LoginRefused {
  override readonly name = 'TokenRefused'
  readonly user: string | undefined
  readonly expired: Options['expired']

  constructor(reason: string, { cause, user, expired }: Options = {}) {
    super(reason, { cause })
    this.message = 'the token was refused'
    this.user = user ?? expired?.identity.name
    this.expired = expired
  }
}

/** A claim of a token, cut and quoted so that it can be neither long nor a line of its own. */
export function quote(claimed: unknown): string {
  const text = JSON.stringify(claimed) ?? 'nothing'
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}
