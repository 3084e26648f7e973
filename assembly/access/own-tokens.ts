/** The tokens that kura gives out itself: after a password, to robots, and for other issuers' tokens. */
import { join } from 'node:path'
import type { Config } from '../../config/schema.ts'
import type { Login } from '../../gateway/access/authenticate.ts'
import { createTokenEndpoint } from '../../gateway/access/issue/endpoint.ts'
import { createTokenIssuer, type Decide } from '../../gateway/access/issue/issue.ts'
import { createRefreshTokens } from '../../gateway/access/issue/refresh.ts'
import { createSignIn, robotBy, withTokens } from '../../gateway/access/issue/sign-in.ts'
import { asymmetric } from '../../gateway/access/keys/algorithms.ts'
import { publishKeys } from '../../gateway/access/keys/public-keys.ts'
import { openTrust } from '../../gateway/access/keys/trust.ts'
import { robotPrefix } from '../../gateway/access/robots.ts'
import { type OidcIssuer, openOidcAuthority } from '../../gateway/access/verify/oidc.ts'
import { createVerifier } from '../../gateway/access/verify/verify.ts'
import { findTokenFolder, openTokenKeys } from '../tokens/keys.ts'
import { openTokenRecords } from '../tokens/records.ts'
import type { OpenTokensParts } from './entrance.ts'

const day = 86_400
const refreshSeconds = 30 * day

export async function openTokens(config: Config, parts: OpenTokensParts) {
  const { log, policy, hashOf, reportRefusal, nameHere } = parts
  const { issuer, service, expires, trust, grace, refresh } = config.kura.tokens
  const folder = findTokenFolder(config) ?? join(parts.folder, 'kura')
  const report = (error: unknown) => log.warn({ reason: String(error) }, 'tokens')

  const overlapSeconds = refreshSeconds + day
  const { keys, close } = await openTokenKeys(config, { folder, overlapSeconds, report })
  const records = await openTokenRecords(config, { folder, report, hashOf })
  const { robots, sessions, fingerprints } = records
  const own = {
    issuer,
    service,
    algorithms: asymmetric,
    trust: await openTrust({ own: keys, report }),
    confirm: fingerprints.confirm,
  }
  const others = await Promise.all(trust.map((it) => openOidcAuthority(oidcIssuer(it), report)))
  const verify = createVerifier({ authorities: [own, ...others] })
  const checkPassword = withTokens({ checkPassword: parts.checkPassword, robots, verify })

  // A token for the catalog is for every user who may see a repository; the policies decide which are listed.
  const decide: Decide = (question) =>
    question.action === 'list'
      ? { allowed: question.name !== undefined || policy().showsStrangers === true }
      : policy()({ ...question, repository: nameHere(question.repository) })
  const path = `${config.http.prefix}v2/token`
  const refreshing = { keys, issuer, service, seconds: refreshSeconds, fingerprints, sessions }
  const endpoint = createTokenEndpoint({
    paths: [path],
    service,
    issuer,
    seconds: expires / 1000,
    issueToken: createTokenIssuer({ keys, decide }),
    refreshTokens: refresh ? createRefreshTokens(refreshing) : undefined,
    signIn: createSignIn(checkPassword, fingerprints),
    report: reportRefusal,
  })
  const login: Omit<Login, 'challenge'> = {
    checkPassword,
    verifyToken: (token) =>
      token.startsWith(robotPrefix) ? robotBy(token, robots) : verify(token),
    report: reportRefusal,
    graceMs: grace,
  }
  // A path is completed with the address that a client used, unless that is written down.
  const realm = (config.http.host?.replace(/\/+$/, '') ?? '') + path
  const publicKeys = publishKeys(`${path}/keys`, keys)
  return {
    login,
    endpoint,
    publicKeys,
    challenge: { scheme: 'bearer' as const, realm, service },
    close,
  }
}

type TrustConfig = Config['kura']['tokens']['trust'][number]

function oidcIssuer(it: TrustConfig): OidcIssuer {
  return {
    issuer: it.issuer,
    audience: it.audience,
    prefix: it.prefix,
    nameClaim: it.nameclaim,
    require: it.require,
    keys: {
      ...(it.jwks && { jwks: it.jwks }),
      ...(it.jwksurl && { jwksUrl: { url: it.jwksurl } }),
    },
    ...(it.groupsclaim && { groupsClaim: it.groupsclaim }),
  }
}
