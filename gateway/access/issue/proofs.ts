/** The proofs of a user that the token endpoint takes: a header, a name and password, a refresh token. */
import { wrongPassword } from '../authenticate.ts'
import { BadCredentials, parseAuthorization } from '../credentials.ts'
import { LoginDelayed, LoginRefused } from '../login-errors.ts'
import type { SignedIn } from '../verify/fingerprints.ts'
import { TokenRefused } from '../verify/refused.ts'
import { GrantRefused } from './grant-refused.ts'
import type { RefreshTokens } from './refresh.ts'
import type { SignIn } from './sign-in.ts'

export type ProofParts = {
  /** Undefined where no refresh tokens are given out, and none are taken. */
  refreshTokens: RefreshTokens | undefined
  signIn: SignIn
}

const stranger: SignedIn = { identity: { name: undefined, groups: [], method: 'none' } }

/** Each throws `GrantRefused` unless the proof is right, or is a header and absent. */
export function createProofs({ refreshTokens, signIn }: ProofParts) {
  return { byHeader, byPassword, byRefreshToken }

  /** A credential that cannot be read is a wrong one; a mistake makes no user anonymous. */
  async function byHeader(header: string[] | undefined, address: string) {
    try {
      const credentials = parseAuthorization(header)
      if (!credentials) return stranger
      if (credentials.scheme === 'basic') return await byPassword(credentials, address)
      throw refused({ reason: 'a bearer token is no password' })
    } catch (error) {
      if (!(error instanceof BadCredentials)) throw error
      throw refused({ reason: error.message })
    }
  }

  async function byPassword(
    { name, password }: { name: string; password: string },
    address: string,
  ): Promise<SignedIn> {
    const user = name
    try {
      const signedIn = await signIn(name, password, address)
      if (signedIn) return signedIn
    } catch (error) {
      if (error instanceof LoginRefused) {
        throw refused({ ...(!error.hidesName && { user }), reason: error.reason })
      }
      if (!(error instanceof LoginDelayed)) throw error
      const headers = { 'Retry-After': `${error.seconds}` }
      throw new GrantRefused('delayed', {
        headers,
        told: { what: 'delayed', user, reason: error.message },
      })
    }
    throw refused({ user, reason: wrongPassword })
  }

  async function byRefreshToken(token: string): Promise<SignedIn> {
    try {
      if (refreshTokens) return await refreshTokens.verify(token)
      const reason = 'refresh tokens are not taken here: kura.tokens.refresh is off'
      throw refused({ reason }, 'session')
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error
      const { user, reason } = error
      throw refused({ ...(user !== undefined && { user }), reason }, 'session')
    }
  }
}

const refused = (
  told: { user?: string; reason: string },
  why: 'credentials' | 'session' = 'credentials',
) => new GrantRefused(why, { told: { what: 'login', ...told } })
