/**
 * The identity behind a name and a password, where the password may be a robot's token or that of a build
 * job; and the credential that a token given out for it is tied to.
 */
import type { Identity } from '../../../registry/protocol/call.ts'
import type { CheckPassword } from '../authenticate.ts'
import { type Robots, robotPrefix } from '../robots.ts'
import type { Fingerprints, SignedIn } from '../verify/fingerprints.ts'
import { TokenRefused } from '../verify/refused.ts'
import type { Verifier } from '../verify/verify.ts'

export type SignIn = (
  name: string,
  password: string,
  address: string,
) => Promise<SignedIn | undefined>

type Parts = {
  checkPassword: CheckPassword
  robots: Pick<Robots, 'find'>
  verify: Verifier
}

/** Tools that can only send a name and a password send a token as the password; the name is free. */
export function withTokens({ checkPassword, robots, verify }: Parts): CheckPassword {
  return async (name, password, address) => {
    if (password.startsWith(robotPrefix)) return robotBy(password, robots)
    if (/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(password)) return identityFromJob(password, verify)
    return checkPassword(name, password, address)
  }
}

/** Throws `TokenRefused`. */
export async function robotBy(token: string, robots: Pick<Robots, 'find'>): Promise<Identity> {
  const found = await robots.find(token)
  if (found) return found
  throw new TokenRefused('this access token is not known: it was revoked, ran out, or never was')
}

/** The token of a build job stands for itself; one that we gave out is no password. */
async function identityFromJob(token: string, verify: Verifier): Promise<Identity> {
  const identity = await verify(token)
  if (identity.method === 'oidc') return identity
  throw new TokenRefused('a token that was given out here is no password')
}

/**
 * The credential may be replaced while it is checked. A token that is then tied to the new one would
 * be the old one's way in, so what is there before and after has to be the same.
 */
export function createSignIn(check: CheckPassword, { of }: Pick<Fingerprints, 'of'>): SignIn {
  return async (name, password, address) => {
    const before = await of(name)
    const identity = await check(name, password, address)
    if (identity?.name === undefined) return undefined
    const fingerprint = await of(identity.name)
    const isSame = identity.name === name ? before === fingerprint : await isStill()
    return fingerprint !== undefined && isSame ? { identity, fingerprint } : undefined

    /** A token that came as the password names another than `name`, and costs little to look up. */
    async function isStill(): Promise<boolean> {
      return (await check(name, password, address))?.name === identity?.name
    }
  }
}
