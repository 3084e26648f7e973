/** `auth.token`: tokens that a server of the operator's signs, as registry:2 takes them. */
import type { Config } from '../../config/schema.ts'
import { createChallenge } from '../../gateway/access/challenge.ts'
import { allowedAlgorithms } from '../../gateway/access/keys/algorithms.ts'
import { openTrust } from '../../gateway/access/keys/trust.ts'
import { createVerifier } from '../../gateway/access/verify/verify.ts'
import type { Entrance, EntranceParts } from './entrance.ts'

export async function openForeignTokens(
  { auth, http, kura }: Config,
  { log, reportRefusal }: Pick<EntranceParts, 'log' | 'reportRefusal'>,
): Promise<Entrance> {
  const token = auth?.token
  if (!token) throw new Error('auth.token is not set')

  const { issuer, service, rootcertbundle, jwks } = token
  const report = (error: unknown) => log.warn({ reason: String(error) }, 'keys of auth.token')
  const trust = await openTrust({
    ...(rootcertbundle && { rootcertbundle }),
    ...(jwks && { jwks }),
    report,
  }).catch((cause: Error) => {
    throw new Error(
      `auth.token: ${cause.message}; set rootcertbundle or jwks to a file with keys`,
      {
        cause,
      },
    )
  })
  const algorithms = allowedAlgorithms(token.signingalgorithms)
  const host = http.host?.replace(/\/+$/, '') ?? ''
  const realm = token.autoredirect ? host + token.autoredirectpath : token.realm
  return {
    login: {
      challenge: createChallenge({ scheme: 'bearer', realm, service }),
      verifyToken: createVerifier({ authorities: [{ issuer, service, algorithms, trust }] }),
      report: reportRefusal,
      graceMs: kura.tokens.grace,
      // Without policies the tokens alone grant rights, so a client without one may do nothing.
      ...(!kura.policies && {
        stranger: { name: undefined, groups: [], method: 'none', bound: [] },
      }),
    },
  }
}
