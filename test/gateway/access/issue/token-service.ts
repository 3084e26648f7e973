/** A token endpoint on a port of its own, with one user, one robot and a policy, for tests. */
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { decodeJwt } from 'jose'
import Koa from 'koa'
import { createTokenEndpoint } from '../../../../gateway/access/issue/endpoint.ts'
import { createTokenIssuer, type Decide } from '../../../../gateway/access/issue/issue.ts'
import { createRefreshTokens } from '../../../../gateway/access/issue/refresh.ts'
import { createSessions } from '../../../../gateway/access/issue/sessions.ts'
import { createSignIn } from '../../../../gateway/access/issue/sign-in.ts'
import { openSigningKeys } from '../../../../gateway/access/keys/folder-keys.ts'
import { openTrust } from '../../../../gateway/access/keys/trust.ts'
import { LoginDelayed } from '../../../../gateway/access/login-errors.ts'
import { openEndings } from '../../../../gateway/access/verify/endings.ts'
import { createFingerprints } from '../../../../gateway/access/verify/fingerprints.ts'
import { createVerifier } from '../../../../gateway/access/verify/verify.ts'
import type { GatewayState } from '../../../../gateway/context.ts'
import { answerErrors } from '../../../../gateway/http/errors.ts'
import { lifetime } from '../../../../gateway/http/lifetime.ts'
import type { Identity } from '../../../../registry/protocol/call.ts'
import { useCleanup } from '../../../support/cleanup.ts'
import { send } from '../../../support/http.ts'

export const cleanup = useCleanup()
export const issuer = 'https://registry.example'
export const service = 'registry.example'
export const users = new Map([['alice', 'secret:word']])
export const reports: string[] = []

export const alice: Identity = { name: 'alice', groups: ['dev'], method: 'htpasswd' }
const robot: Identity = {
  name: 'robot:ci',
  groups: [],
  method: 'access-token',
  bound: [{ type: 'repository', name: 'team/app', actions: ['pull'] }],
}

async function checkPassword(name: string, password: string): Promise<Identity | undefined> {
  if (name === 'slow') throw new LoginDelayed('too many', 7000)
  if (name === 'broken') throw new Error('no such file: users')
  if (password === 'kura_robot') return robot
  return name === 'alice' && users.get(name) === password ? alice : undefined
}

/** Strangers pull what is public; alice does everything in team and lists. */
const decide: Decide = ({ name, action, repository }) => ({
  allowed:
    (repository.startsWith('public/') && action === 'pull') ||
    (name === 'alice' && (repository.startsWith('team/') || action === 'list')) ||
    name === 'robot:ci',
})

export const keys = await openSigningKeys({
  folder: await cleanup.folder(),
  overlapSeconds: 3600,
  checkMs: 0,
  report: () => {},
})
const folder = await cleanup.folder()
const report = (error: unknown) => void reports.push(String(error))
export const endings = await openEndings({ folder, report, checkMs: 0 })
export const sessions = createSessions({ folder: join(folder, 'sessions'), report })
/** The robots on record, by name. */
export const robots = new Map([['ci', 'the record of ci']])
export const fingerprints = createFingerprints({
  key: randomBytes(32),
  hashOf: (user) => users.get(user),
  robots: { recordOf: async (name) => robots.get(name), check: async () => {} },
  issuers: new Map([['github', 'what is configured of it']]),
  endings,
})
export const refreshOptions = {
  ...{ keys, issuer, service, seconds: 30 * 86_400 },
  ...{ fingerprints, sessions },
}
export const refreshTokens = createRefreshTokens(refreshOptions)
export const verify = createVerifier({
  authorities: [
    {
      ...{ issuer, service, algorithms: ['ES256'], confirm: fingerprints.confirm },
      trust: await openTrust({ own: keys, report() {} }),
    },
  ],
})

type Options = { seconds?: number; bodyWithinMs?: number; refreshTokens?: undefined }

export async function start(options: Options = {}) {
  const app = new Koa<GatewayState>()
  app.silent = true
  const endpoint = createTokenEndpoint({
    paths: ['/v2/token', '/auth/token'],
    service,
    issuer,
    issueToken: createTokenIssuer({ keys, decide }),
    refreshTokens,
    signIn: createSignIn(checkPassword, fingerprints),
    report: (_ctx, { reason }) => reports.push(reason),
    ...options,
  })
  app.use(lifetime).use(answerErrors).use(endpoint)
  const server = createServer(app.callback())
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  cleanup.add(async () => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export const base = await start()
export const basic = (name: string, password: string) => ({
  Authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
})
export const own = basic('alice', 'secret:word')
export const form = { 'Content-Type': 'application/x-www-form-urlencoded' }

export async function get(query: string, headers: Record<string, string> = {}) {
  const answer = await send('GET', `${base}/v2/token?${query}`, { headers })
  return { ...answer, json: JSON.parse(answer.body.toString()) }
}

export async function post(parameters: Record<string, string> | string, headers = form) {
  const body = new URLSearchParams(parameters).toString()
  const answer = await send('POST', `${base}/v2/token`, { headers, body })
  return { ...answer, json: JSON.parse(answer.body.toString()) }
}

export const accessOf = (token: string) => decodeJwt(token).access
