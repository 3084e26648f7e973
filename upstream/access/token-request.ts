/** One question to a token server: `GET` with the login as basic, or `POST` with an identity token. */
import { type Kind, UpstreamError } from '../error.ts'
import { limited } from '../refusals.ts'
import { discard, readWhole } from '../wire/bodies.ts'
import { findRetryAt } from '../wire/limits.ts'
import type { Answer, Transport } from '../wire/transport.ts'
import type { Login } from './credentials.ts'

export type TokenServer = { realm: URL; service: string | undefined }
export type Question = {
  server: TokenServer
  scopes: readonly string[]
  login: Login | undefined
}
export type Token = { token: string; seconds: number }

const largestAnswer = 256 * 1024
/** "If expires_in is omitted, this defaults to 60 seconds." */
const usualSeconds = 60
const clientId = 'kura'

type Parts = { upstream: URL; transport: Transport }

export async function requestToken(
  { upstream, transport }: Parts,
  question: Question,
): Promise<Token> {
  const { login } = question
  const answer =
    login && 'identityToken' in login
      ? await postForm(transport, question, login.identityToken)
      : await transport.send(addressOf(question), { method: 'GET', headers: basic(login) })
  const its = tokenServerOf(question)
  if (answer.status !== 200) {
    discard(answer)
    throw refusal(upstream, its, answer, login)
  }
  const { whole: wholeMs } = transport.times
  const what = `the answer of ${its}`
  const bounds = { upstream: upstream.host, what, mostBytes: largestAnswer, wholeMs }
  const found = readToken(await readWhole(answer, bounds))
  if (found) return found
  throw new UpstreamError('fault', upstream.host, `${what} has no token`)
}

function addressOf({ server, scopes, login }: Question): URL {
  const url = new URL(server.realm)
  if (server.service !== undefined) url.searchParams.set('service', server.service)
  for (const scope of scopes) url.searchParams.append('scope', scope)
  if (login?.username) url.searchParams.set('account', login.username)
  return url
}

function postForm(
  transport: Transport,
  { server, scopes }: Question,
  identityToken: string,
): Promise<Answer> {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: identityToken,
    client_id: clientId,
    scope: scopes.join(' '),
  })
  if (server.service !== undefined) form.set('service', server.service)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return transport.send(server.realm, { method: 'POST', headers, body: form.toString() })
}

export const tokenServerOf = ({ server }: Pick<Question, 'server'>) =>
  `its token server ${server.realm.host}`

/** A redirect is refused too: the login would go with it, or be missing. */
function refusal(upstream: URL, its: string, answer: Answer, login: Login | undefined) {
  const { status } = answer
  if (status === 429) return limited(upstream, findRetryAt(answer, Date.now()), its)
  const failure = (kind: Kind, text: string) =>
    new UpstreamError(kind, upstream.host, `${its} ${text} (${status})`, { status })
  if (status >= 500) return failure('fault', 'fails')
  return failure(
    'unauthorized',
    login ? `refuses the login${nameOf(login)}` : 'gives nothing without a login',
  )
}

export function basic(login: Login | undefined): { authorization?: string } {
  if (!login || 'identityToken' in login) return {}
  const pair = Buffer.from(`${login.username}:${login.password}`).toString('base64')
  return { authorization: `Basic ${pair}` }
}

export const nameOf = ({ username }: Login) => (username ? ` of ${username}` : '')

type TokenAnswer = { token?: unknown; access_token?: unknown; expires_in?: unknown }

function readToken(bytes: Buffer): Token | undefined {
  const { token, access_token, expires_in } = parsed(bytes)
  const found = [token, access_token].find((it) => typeof it === 'string' && it !== '')
  // It goes into a header.
  if (typeof found !== 'string' || !/^[\x21-\x7e]+$/.test(found)) return undefined
  const isLong = typeof expires_in === 'number' && expires_in > 0
  return { token: found, seconds: isLong ? expires_in : usualSeconds }
}

function parsed(bytes: Buffer): TokenAnswer {
  try {
    return Object(JSON.parse(bytes.toString('utf8')))
  } catch {
    return {}
  }
}
