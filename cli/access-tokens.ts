/** The tokens that kura gives out itself: after a password, to robots, and for other issuers' tokens. */
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Config } from '../config/schema.ts'
import type { CheckPassword, Login } from '../gateway/access/authenticate.ts'
import { asymmetric } from '../gateway/access/tokens/algorithms.ts'
import { createTokenEndpoint } from '../gateway/access/tokens/endpoint.ts'
import { createTokenIssuer, type Decide } from '../gateway/access/tokens/issue.ts'
import { type OidcIssuer, openOidcAuthority } from '../gateway/access/tokens/oidc.ts'
import { publishKeys } from '../gateway/access/tokens/public-keys.ts'
import { createRefreshTokens } from '../gateway/access/tokens/refresh.ts'
import { TokenRefused } from '../gateway/access/tokens/refused.ts'
import { openRobots, type Robots, robotPrefix } from '../gateway/access/tokens/robots.ts'
import { openTrust } from '../gateway/access/tokens/trust.ts'
import { createVerifier, type Verifier } from '../gateway/access/tokens/verify.ts'
import type { Identity } from '../registry/spec/call.ts'
import type { OpenTokensParts } from './access.ts'
import { findTokenFolder, openTokenKeys } from './token-keys.ts'

const day = 86_400
const refreshSeconds = 30 * day

export async function openTokens(config: Config, parts: OpenTokensParts) {
  const { log, policy, userExists, reportRefusal } = parts
  const { issuer, service, expires, trust, grace } = config.kura.tokens
  const folder = findTokenFolder(config) ?? join(parts.folder, 'kura')
  const report = (error: unknown) => log.warn({ reason: String(error) }, 'tokens')

  const overlapSeconds = refreshSeconds + day
  const { keys, close } = await openTokenKeys(config, { folder, overlapSeconds, report })
  const robots = await openRobots({ folder: join(folder, 'tokens'), report })
  const own = {
    issuer,
    service,
    algorithms: asymmetric,
    trust: await openTrust({ own: keys, report }),
  }
  const others = await Promise.all(trust.map((it) => openOidcAuthority(oidcIssuer(it), report)))
  const verify = createVerifier({ authorities: [own, ...others] })
  const checkPassword = withTokens(parts.checkPassword, { robots, verify })

  // The catalog as a whole is for whoever may see something; what is seen in it the policies decide.
  const decide: Decide = (question) =>
    question.action === 'list'
      ? { allowed: question.name !== undefined || policy().showsStrangers === true }
      : policy()(question)
  const path = `${config.http.prefix}v2/token`
  const endpoint = createTokenEndpoint({
    paths: [path],
    service,
    issuer,
    seconds: expires / 1000,
    issueToken: createTokenIssuer({ keys, decide }),
    refreshTokens: createRefreshTokens({
      keys,
      issuer,
      service,
      seconds: refreshSeconds,
      userExists,
    }),
    checkPassword,
    report: reportRefusal,
  })
  const login: Omit<Login, 'challenge'> = {
    checkPassword,
    verifyToken: (token) => (token.startsWith(robotPrefix) ? robot(robots, token) : verify(token)),
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

/** Tools that can only send a name and a password send a token as the password; the name is free. */
function withTokens(
  check: CheckPassword,
  { robots, verify }: { robots: Robots; verify: Verifier },
): CheckPassword {
  return async (name, password, address) => {
    if (password.startsWith(robotPrefix)) return robot(robots, password)
    if (/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(password)) return identityFromJob(password, verify)
    return check(name, password, address)
  }
}

async function robot(robots: Robots, token: string): Promise<Identity> {
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

/** The tokens of robots, for the command that makes and revokes them. */
export async function openRobotsOf(config: Config, log: Pick<Logger, 'warn'>): Promise<Robots> {
  const folder = findTokenFolder(config)
  if (folder === undefined) {
    throw new Error(
      'kura.tokens.folder (REGISTRY_KURA_TOKENS_FOLDER) must say where the tokens of robots are kept: a folder that all gateways read',
    )
  }
  const report = (error: unknown) => log.warn({ reason: String(error) }, 'tokens')
  return openRobots({ folder: join(folder, 'tokens'), report })
}
