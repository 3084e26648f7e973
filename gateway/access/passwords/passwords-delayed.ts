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
