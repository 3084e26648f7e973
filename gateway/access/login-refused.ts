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
