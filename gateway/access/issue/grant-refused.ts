/** The refusals of a request for a token, in the words of RFC 6749, section 5.2. */
import type { Refusal } from '../refusal-lines.ts'

const table = {
  credentials: [401, 'invalid_grant', 'the credentials are not valid'],
  delayed: [429, 'temporarily_unavailable', 'too many failed logins; try again later'],
  form: [415, 'invalid_request', 'the body must be application/x-www-form-urlencoded'],
  grantType: [400, 'unsupported_grant_type', 'grant_type must be password or refresh_token'],
  incomplete: [400, 'invalid_request', 'the body did not arrive'],
  parameter: [400, 'invalid_request', 'a parameter is missing, or there more than once'],
  service: [400, 'invalid_request', 'there is no such service here'],
  session: [401, 'invalid_grant', 'this login has ended; sign in again'],
  slow: [408, 'invalid_request', 'the body came too slowly'],
  tooLong: [413, 'invalid_request', 'the body is too long'],
} as const satisfies Record<string, readonly [status: number, code: string, message: string]>

export class GrantRefused extends Error {
  override readonly name = 'GrantRefused'
  /** For the log alone. */
  readonly told: Refusal | undefined
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>

  constructor(
    why: keyof typeof table,
    { headers = {}, told }: { headers?: Record<string, string>; told?: Refusal } = {},
  ) {
    const [status, code, message] = table[why]
    super(message)
    this.told = told
    this.status = status
    this.code = code
    this.headers = headers
  }
}
