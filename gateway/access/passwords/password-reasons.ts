/** Why a password did not do, as far as the file of users tells: for the log of the operator. */
import type { CheckPassword } from '../authenticate.ts'
import { LoginRefused } from '../login-errors.ts'
import type { Htpasswd } from './htpasswd.ts'

/** Throws LoginRefused for whom `check` does not know. */
export function withReasons(check: CheckPassword, htpasswd: Htpasswd): CheckPassword {
  return async (name, password, address) => {
    const identity = await check(name, password, address)
    if (identity) return identity
    if (htpasswd.find(name) !== undefined) {
      throw new LoginRefused('this is not the password of that user')
    }
    const kind = htpasswd.unusable(name)
    if (kind) throw new LoginRefused(`that user's line holds ${kind} instead of bcrypt`)
    // Then the text in the place of the name is the password.
    const isSwapped = htpasswd.find(password) !== undefined
    if (isSwapped) {
      throw new LoginRefused("name and password are in each other's place", { hidesName: true })
    }
    throw new LoginRefused('there is no such user')
  }
}
