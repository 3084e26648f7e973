/** The two ends of a login that brings nobody in: it is refused, or its password is not even looked at. */

/** A login that failed. The reason is for the log: it holds no secret, and never goes into an answer. */
export class LoginRefused extends Error {
  override readonly name: string = 'LoginRefused'
  readonly reason: string
  /** Whether what was given as the name is no name, and may be a secret. */
  readonly hidesName: boolean

  constructor(reason: string, { cause, hidesName = false }: LoginRefusedOptions = {}) {
    super('the login was refused', { cause })
    this.reason = reason
    this.hidesName = hidesName
  }
}

type LoginRefusedOptions = { cause?: unknown; hidesName?: boolean }

/** Why a password was not even looked at: too many wrong ones before it, or too many at once. */
export class LoginDelayed extends Error {
  override readonly name = 'LoginDelayed'
  /** When it is worth trying again, for `Retry-After`. */
  readonly seconds: number

  constructor(message: string, waitMs: number) {
    super(message)
    this.seconds = Math.max(1, Math.ceil(waitMs / 1000))
  }
}
